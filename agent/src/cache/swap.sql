UPDATE holding
SET live = 1 - live, epoch = staged_epoch, revision = 0, customers = ?2, staged_epoch = NULL, manifest = NULL, staged_blocks = 0
WHERE staged_epoch = ?1
