import { describeWithKafka } from '../../support/shared-kafka.js';
import { kafkaMessaging } from '../../kafka/kafka-messaging.js';
import { delivery } from './delivery.js';
import { durableEvents } from './durable-events.js';
import { requestEvents } from './request-events.js';

describeWithKafka('over Kafka', () => {
  requestEvents(kafkaMessaging);
  durableEvents(kafkaMessaging);
  delivery(kafkaMessaging);
});
