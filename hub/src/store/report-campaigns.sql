SELECT document ->> '$.fact.shown.campaign' AS campaign, 'shown', '', count(*) FROM interaction
WHERE campaign IS NOT NULL GROUP BY campaign
UNION ALL
SELECT document ->> '$.fact.ended.campaign' AS campaign, 'answered',
    document ->> '$.fact.ended.ending.answered' AS answer, count(*)
FROM interaction WHERE campaign IS NOT NULL AND answer IS NOT NULL GROUP BY campaign, answer
UNION ALL
SELECT document ->> '$.fact.ended.campaign' AS campaign, 'unanswered',
    document ->> '$.fact.ended.ending' AS ending, count(*)
FROM interaction
WHERE campaign IS NOT NULL AND document ->> '$.fact.ended.ending.answered' IS NULL GROUP BY campaign, ending
