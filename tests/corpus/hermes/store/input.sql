-- The tables as of 0.19, as far as sessions need them.
CREATE TABLE sessions (id TEXT PRIMARY KEY, source TEXT NOT NULL, user_id TEXT, model TEXT, model_config TEXT, system_prompt TEXT, parent_session_id TEXT, started_at REAL NOT NULL, ended_at REAL, end_reason TEXT, message_count INTEGER DEFAULT 0, tool_call_count INTEGER DEFAULT 0, input_tokens INTEGER DEFAULT 0, output_tokens INTEGER DEFAULT 0, cache_read_tokens INTEGER DEFAULT 0, cache_write_tokens INTEGER DEFAULT 0, reasoning_tokens INTEGER DEFAULT 0, cwd TEXT, git_branch TEXT, billing_provider TEXT, estimated_cost_usd REAL, actual_cost_usd REAL, title TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT, tool_call_id TEXT, tool_calls TEXT, tool_name TEXT, timestamp REAL NOT NULL, token_count INTEGER, finish_reason TEXT, reasoning TEXT, reasoning_content TEXT, reasoning_details TEXT, codex_reasoning_items TEXT, observed INTEGER DEFAULT 0, active INTEGER NOT NULL DEFAULT 1, compacted INTEGER NOT NULL DEFAULT 0, display_kind TEXT);
INSERT INTO sessions (id, source, model, parent_session_id, started_at, ended_at, end_reason, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cwd, git_branch, billing_provider, estimated_cost_usd, title) VALUES
 ('20260802_101617_82f322', 'cli', 'qwen3.5:4b', NULL, 1785676577.5, 1785676625.25, 'agent_close', 2000, 300, 500, 50, 120, '/home/ada/todo', 'main', 'custom', 0.02, 'Sort the list'),
 ('20260802_101700_1a2b3c', 'subagent', 'local:tiny', '20260802_101617_82f322', 1785676600.0, NULL, NULL, 40, 5, 0, 0, 0, NULL, NULL, 'ollama', NULL, NULL),
 ('cron_daily_20260802_090000', 'cron', NULL, NULL, 1785661200.0, NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO messages (session_id, role, content, tool_call_id, tool_calls, tool_name, timestamp, finish_reason, reasoning, reasoning_content, reasoning_details, observed, active, compacted) VALUES
 ('20260802_101617_82f322', 'user', 'Sort by name', NULL, NULL, NULL, 1785676578.5, NULL, NULL, NULL, NULL, 0, 0, 0),
 ('20260802_101617_82f322', 'user', 'Sort the list', NULL, NULL, NULL, 1785676580.5, NULL, NULL, NULL, NULL, 0, 1, 0),
 ('20260802_101617_82f322', 'assistant', '', NULL, '[{"id": "call_1", "call_id": "call_1", "type": "function", "function": {"name": "terminal", "arguments": "{\"command\": \"cat list.py\"}"}}, {"id": "call_2", "type": "function", "function": {"name": "patch", "arguments": "{\"mode\": \"replace\", \"path\": \"/home/ada/todo/list.py\", \"old_string\": \"load()\", \"new_string\": \"sorted(load())\"}"}}]', NULL, 1785676590.5, 'tool_calls', 'Look at it.', 'Look at it.', NULL, 0, 1, 0),
 ('20260802_101617_82f322', 'tool', '{"output": "load()", "exit_code": 0, "error": null}', 'call_1', NULL, 'terminal', 1785676591.5, NULL, NULL, NULL, NULL, 0, 1, 0),
 ('20260802_101617_82f322', 'tool', '{"success": true, "diff": "--- a/list.py\n+++ b/list.py\n@@ -4 +4 @@\n-load()\n+sorted(load())\n"}', 'call_2', NULL, 'patch', 1785676592.5, NULL, NULL, NULL, NULL, 0, 1, 0),
 ('20260802_101617_82f322', 'user', '[CONTEXT COMPACTION] The list is being sorted.', NULL, NULL, NULL, 1785676600.5, NULL, NULL, NULL, NULL, 0, 1, 0),
 ('20260802_101617_82f322', 'user', char(0) || 'json:[{"type": "text", "text": "And this?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]', NULL, NULL, NULL, 1785676601.5, NULL, NULL, NULL, NULL, 1, 1, 0),
 ('20260802_101617_82f322', 'assistant', 'It sorts.', NULL, NULL, NULL, 1785676625.0, 'length', NULL, NULL, '[{"type": "reasoning.text", "text": "Done."}]', 0, 1, 0),
 ('20260802_101617_82f322', 'oracle', 'A riddle.', NULL, NULL, NULL, 1785676625.2, NULL, NULL, NULL, NULL, 0, 1, 0),
 ('20260802_101700_1a2b3c', 'user', 'Count the lines', NULL, NULL, NULL, 1785676600.0, NULL, NULL, NULL, NULL, 0, 1, 0),
 ('20260802_101700_1a2b3c', 'assistant', 'One.', NULL, NULL, NULL, 1785676602.0, 'stop', NULL, NULL, NULL, 0, 1, 0);
INSERT INTO messages (session_id, role, content, timestamp, active, compacted, display_kind) VALUES
 ('20260802_101617_82f322', 'user', 'Go on where the gateway stopped.', 1785676625.25, 1, 0, 'hidden'),
 ('20260802_101617_82f322', 'user', '[CONTEXT COMPACTION — REFERENCE ONLY] The list is sorted.
--- END OF CONTEXT SUMMARY — respond to the message below, not the summary above ---

Sort it by date.', 1785676625.3, 1, 0, NULL),
 ('20260802_101617_82f322', 'user', '[PRIOR CONTEXT — for reference only; not a new message]
By date, please.

[END OF PRIOR CONTEXT — COMPACTION SUMMARY BELOW]

[CONTEXT COMPACTION — REFERENCE ONLY] The list is sorted by name.', 1785676625.35, 1, 0, NULL);
