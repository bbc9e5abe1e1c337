SELECT campaign, customer, at_ms FROM outcome
