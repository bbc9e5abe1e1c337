UPDATE device SET erased_through = max(erased_through, ?2) WHERE id = ?1
