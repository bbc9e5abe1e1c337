-- What stands for a run keeps the visit and the moment of its first record, and forgets whom it concerned.
UPDATE interaction
SET through = ?2, worth = 0, customer = NULL, fact = ?3
WHERE sequence = ?1
