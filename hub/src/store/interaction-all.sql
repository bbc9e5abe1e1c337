SELECT journal, document FROM interaction ORDER BY journal, sequence
