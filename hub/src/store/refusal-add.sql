INSERT INTO refusal (reason, times) VALUES (?1, ?2)
ON CONFLICT (reason) DO UPDATE SET times = times + excluded.times
