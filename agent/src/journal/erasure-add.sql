INSERT OR REPLACE INTO erasure (position, customer, through) VALUES (?1, ?2, (SELECT recorded FROM standing))
