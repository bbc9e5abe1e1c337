-- All facts, those of a journal in its order, each with the group of its device.
SELECT i.journal, d.device_group, i.document
FROM interaction AS i JOIN journal AS j ON j.id = i.journal JOIN device AS d ON d.id = j.device
ORDER BY i.journal, i.sequence
