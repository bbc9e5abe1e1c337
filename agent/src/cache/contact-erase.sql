DELETE FROM contact WHERE customer = ?1
