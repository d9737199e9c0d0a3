-- Up Migration

-- A step is written once, with its outcome: whoever has it in hand holds a lock and no row.
ALTER TABLE saga_step DROP CONSTRAINT saga_step_state_check;
ALTER TABLE saga_step ADD CONSTRAINT saga_step_state_check CHECK (state IN ('DONE', 'REFUSED', 'UNDONE'));
ALTER TABLE saga_step RESET (fillfactor);

-- Down Migration

ALTER TABLE saga_step SET (fillfactor = 80);
ALTER TABLE saga_step DROP CONSTRAINT saga_step_state_check;
ALTER TABLE saga_step ADD CONSTRAINT saga_step_state_check CHECK (state IN ('CLAIMED', 'DONE', 'REFUSED', 'UNDONE'));
