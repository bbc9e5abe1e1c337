INSERT INTO interaction (journal, sequence, received_ms, document) VALUES (?1, ?2, ?3, ?4)
