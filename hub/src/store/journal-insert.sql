INSERT INTO journal (id, device, through, repeated, contradicted) VALUES (?1, ?2, 0, 0, 0)
