UPDATE journal SET through = ?2, repeated = repeated + ?3, contradicted = contradicted + ?4 WHERE id = ?1
