-- The tables of schema 15, as far as sessions need them.
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TIMESTAMP);
CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '', session_type TEXT NOT NULL DEFAULT 'user', working_dir TEXT NOT NULL, created_at TIMESTAMP, updated_at TIMESTAMP, provider_name TEXT, model_config_json TEXT, parent_session_id TEXT, accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT, session_id TEXT NOT NULL, role TEXT NOT NULL, content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL, timestamp TIMESTAMP, tokens INTEGER, metadata_json TEXT);
CREATE TABLE usage_ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, created_timestamp INTEGER NOT NULL, model TEXT, input_tokens INTEGER, output_tokens INTEGER, total_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, cost REAL, cost_source TEXT, is_compaction INTEGER DEFAULT 0);
INSERT INTO schema_version VALUES (15, '2026-05-01 08:00:00');
INSERT INTO sessions VALUES
 ('20260501_1', 'Fix the sorting', '', 'user', '/home/ada/todo', '2026-05-01 09:00:00', '2026-05-01 09:00:30', 'anthropic', '{"model_name":"claude-sonnet-4-6","context_limit":200000}', NULL, 2500, 90),
 ('20260501_2', 'Look around', '', 'sub_agent', '/home/ada/todo', '2026-05-01 09:00:10', '2026-05-01 09:00:12', 'anthropic', '{"model_name":"claude-haiku-4-5"}', '20260501_1', 300, 20),
 ('20260501_3', 'name a session', '', 'hidden', '/home/ada/todo', '2026-05-01 09:00:31', '2026-05-01 09:00:31', 'anthropic', NULL, NULL, 0, 0),
 ('20260501_4', 'nothing said', '', 'user', '/home/ada/todo', '2026-05-01 10:00:00', '2026-05-01 10:00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (id, message_id, session_id, role, content_json, created_timestamp, metadata_json) VALUES
 (1, 'm-1', '20260501_1', 'user', '[{"type":"text","text":"The list is not sorted. Fix it."}]', 1777626001, '{"userVisible":true,"agentVisible":false}'),
 (2, 'm-2', '20260501_1', 'assistant', '[{"type":"thinking","thinking":"Look first.","signature":""},{"type":"toolRequest","id":"t1","toolCall":{"status":"success","value":{"name":"developer__text_editor","arguments":{"command":"view","path":"/home/ada/todo/list.py"}}}},{"type":"toolRequest","id":"t2","toolCall":{"status":"success","value":{"name":"developer__shell","arguments":{"command":"pytest -q"}}}}]', 1777626003, NULL),
 (3, 'm-3', '20260501_1', 'user', '[{"type":"toolResponse","id":"t1","toolResult":{"status":"success","value":{"content":[{"type":"text","text":"def items(): ..."}],"isError":false}}},{"type":"toolResponse","id":"t2","toolResult":{"status":"error","error":"Command failed with exit code 1"}}]', 1777626004000, NULL),
 (4, 'm-4', '20260501_1', 'user', '[{"type":"text","text":"Summary: the user wants the list sorted."}]', 1777626005, '{"userVisible":false,"agentVisible":true}'),
 (5, 'm-5', '20260501_1', 'assistant', '[{"type":"text","text":"It sorts now."},{"type":"toolRequest","id":"t3","toolCall":{"status":"success","value":{"name":"developer__text_editor","arguments":{"command":"str_replace","path":"/home/ada/todo/list.py","old_str":"return load()","new_str":"return sorted(load())"}}}},{"type":"conversationCompacted","msg":"Compacted."},{"type":"toolRequest","id":"t4","toolCall":{"status":"error","error":"no such tool"}},{"type":"sculpture","of":"marble"}]', 1777626030, NULL),
 (6, 'm-6', '20260501_2', 'user', '[{"type":"text","text":"Look around."}]', 1777626010, NULL),
 (7, 'm-7', '20260501_2', 'assistant', '[{"type":"text","text":"One file."}]', 1777626012, NULL);
INSERT INTO usage_ledger (session_id, created_timestamp, model, input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_write_tokens, cost) VALUES
 ('20260501_1', 1777626003, 'claude-sonnet-4-6', 1000, 40, 1040, 600, 100, 0.01),
 ('20260501_1', 1777626029, 'claude-sonnet-4-6', 1500, 50, 1550, 900, 0, 0.02),
 ('20260501_2', 1777626012, 'claude-haiku-4-5', 300, 20, 320, 0, 0, NULL);
