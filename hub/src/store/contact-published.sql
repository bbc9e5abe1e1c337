UPDATE contact_log SET published = last WHERE published < last
