-- Up Migration

-- What operators were alerted to, and who took care of it.
CREATE TABLE shop_notification.alert (
  alert_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- An alert that is raised again under the same id is the same alert.
  event_id        text        NOT NULL UNIQUE,
  alert           jsonb       NOT NULL,
  raised_at       timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by text        CHECK (acknowledged_by <> ''),
  CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);

CREATE INDEX alert_open ON shop_notification.alert (alert_id) WHERE acknowledged_at IS NULL;

-- Down Migration

DROP TABLE shop_notification.alert;
