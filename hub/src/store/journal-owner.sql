SELECT device, through FROM journal WHERE id = ?1
