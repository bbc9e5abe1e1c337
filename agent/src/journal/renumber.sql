-- What head office was never told under the old name, from 1.
UPDATE interaction
SET sequence = max(sequence - ?1, 1),
    through = through - ?1,
    fact = iif(worth = 0, json_set(fact, '$.discarded.through', through - ?1), fact)
