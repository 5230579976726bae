-- The tables of schema 1, as far as sessions need them.
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);
CREATE TABLE spans (span_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, parent_span_id TEXT, name TEXT NOT NULL, start_time_ms INTEGER NOT NULL, end_time_ms INTEGER NOT NULL, status_code INTEGER NOT NULL DEFAULT 0, status_message TEXT, operation_name TEXT, provider_name TEXT, agent_name TEXT, conversation_id TEXT, request_model TEXT, response_model TEXT, input_tokens INTEGER, output_tokens INTEGER, cached_tokens INTEGER, reasoning_tokens INTEGER, tool_name TEXT, tool_call_id TEXT, tool_type TEXT, chat_session_id TEXT, turn_index INTEGER, ttft_ms REAL);
CREATE TABLE span_attributes (span_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT, PRIMARY KEY (span_id, key));
INSERT INTO schema_version VALUES (1);
INSERT INTO spans (span_id, trace_id, name, start_time_ms, end_time_ms, status_code, status_message, operation_name, request_model, response_model, input_tokens, output_tokens, cached_tokens, reasoning_tokens, tool_name, tool_call_id, chat_session_id) VALUES
 ('s1', 't1', 'invoke_agent GitHub Copilot Chat', 1782900000000, 1782900009000, 1, NULL, 'invoke_agent', 'gpt-4.1', 'gpt-4.1', 3000, 90, 1000, NULL, NULL, NULL, '41111111-2222-4333-8444-555566667777'),
 ('s2', 't1', 'chat gpt-4.1', 1782900000100, 1782900002000.5, 1, NULL, 'chat', 'gpt-4.1', 'gpt-4.1', 1000, 60, 400, 20, NULL, NULL, '41111111-2222-4333-8444-555566667777'),
 ('s3', 't1', 'execute_tool apply_patch', 1782900002100, 1782900002150.25, 1, NULL, 'execute_tool', NULL, NULL, NULL, NULL, NULL, NULL, 'apply_patch', 'call_1', '41111111-2222-4333-8444-555566667777'),
 ('s4', 't1', 'execute_hook PostToolUse', 1782900002160, 1782900002170, 1, NULL, 'execute_hook', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '41111111-2222-4333-8444-555566667777'),
 ('s5', 't1', 'execute_tool manage_todo_list', 1782900000050, 1782900000060, 2, 'No list.', 'execute_tool', NULL, NULL, NULL, NULL, NULL, NULL, 'manage_todo_list', '', '41111111-2222-4333-8444-555566667777'),
 ('s6', 't1', 'chat gpt-4.1', 1782900002200, 1782900004000, 1, NULL, 'chat', 'gpt-4.1', 'gpt-4.1', 2000, 30, 600, NULL, NULL, NULL, '41111111-2222-4333-8444-555566667777'),
 ('s7', 't1', 'chat gpt-4o-mini', 1782900000010, 1782900000900, 1, NULL, 'chat', 'gpt-4o-mini', 'gpt-4o-mini', 200, 9, NULL, NULL, NULL, NULL, NULL),
 ('s8', 't1', 'chat gpt-4.1', 1782900004100, 1782900004200, 2, 'Overloaded.', 'chat', 'gpt-4.1', 'gpt-4.1', NULL, NULL, NULL, NULL, NULL, NULL, '41111111-2222-4333-8444-555566667777'),
 ('s9', 't1', 'dance', 1782900004300, 1782900004400, 1, NULL, 'dance', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '41111111-2222-4333-8444-555566667777'),
 ('s10', 't1', 'execute_hook SessionStart', 1782900008000, 1782900008001, 1, NULL, 'execute_hook', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '51111111-2222-4333-8444-555566667777');
INSERT INTO span_attributes VALUES
 ('s1', 'copilot_chat.user_request', 'Add a comment.'),
 ('s1', 'copilot_chat.repo.head_branch_name', 'main'),
 ('s1', 'copilot_chat.repo.head_commit_hash', '1111111111111111111111111111111111111111'),
 ('s1', 'copilot_chat.repo.remote_url', 'https://example.org/ada/todo'),
 ('s2', 'gen_ai.output.messages', '[{"role":"assistant","parts":[{"type":"reasoning","content":"One line."},{"type":"text","content":"I''ll patch it."},{"type":"tool_call","id":"call_1","name":"apply_patch","arguments":"{\"input\":\"*** Begin Patch\\n*** Update File: todo.py\\n@@\\n+# Tasks\\n tasks = []\\n*** End Patch\"}"},{"type":"riddle","content":"?"}]}]'),
 ('s3', 'gen_ai.tool.call.result', '{"node":{"type":1,"ctor":2,"children":[{"type":1,"children":[{"type":2,"text":"The file was","lineBreakBefore":false},{"type":2,"text":"edited.","lineBreakBefore":true}]}]}}'),
 ('s5', 'gen_ai.tool.call.arguments', '{"operation":"read"}'),
 ('s6', 'gen_ai.output.messages', '[{"role":"assistant","parts":[{"type":"text","content":"Done."}]}]'),
 ('s7', 'gen_ai.output.messages', '[{"role":"assistant","parts":[{"type":"text","content":"A title"}]}]'),
 ('s9', 'steps', '3');
