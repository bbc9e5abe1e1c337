-- The fact stays, and whom it concerned is forgotten.
UPDATE interaction SET document = json_set(document, '$.customer', NULL) WHERE document ->> '$.customer' = ?1
