CREATE TABLE project (id text PRIMARY KEY, worktree text NOT NULL);
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, slug text NOT NULL, directory text NOT NULL, title text NOT NULL, version text NOT NULL, revert text, current_state text, recent_progress text, time_created integer NOT NULL, time_updated integer NOT NULL);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
INSERT INTO session VALUES ('ses_3a1b2c3d4e5fabcdefghijklmn', 'global', NULL, 'calm-river', '/home/ada/todo', 'Print the todos', '7.6.2', NULL, NULL, NULL, 1769936400000, 1769936405000);
INSERT INTO message VALUES ('msg_1', 'ses_3a1b2c3d4e5fabcdefghijklmn', 1769936400000, 1769936400000, '{"role": "user", "time": {"created": 1769936400000}, "agent": "code", "model": {"providerID": "kilo", "modelID": "kimi-k2"}}');
INSERT INTO part VALUES ('prt_1', 'msg_1', 'ses_3a1b2c3d4e5fabcdefghijklmn', 1769936400000, 1769936400000, '{"type": "text", "text": "Print the todos"}');
INSERT INTO message VALUES ('msg_2', 'ses_3a1b2c3d4e5fabcdefghijklmn', 1769936401000, 1769936405000, '{"role": "assistant", "parentID": "msg_1", "mode": "code", "cost": 0.01, "tokens": {"input": 100, "output": 20, "reasoning": 5, "cache": {"read": 50, "write": 0}}, "modelID": "kimi-k2", "providerID": "kilo", "time": {"created": 1769936401000, "completed": 1769936405000}}');
INSERT INTO part VALUES ('prt_2', 'msg_2', 'ses_3a1b2c3d4e5fabcdefghijklmn', 1769936401000, 1769936401000, '{"type": "text", "text": "I print them."}');
