SELECT reason, times FROM refusal ORDER BY reason
