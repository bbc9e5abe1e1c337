INSERT OR IGNORE INTO contact (customer, journal, sequence, campaign, utc, kind)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
