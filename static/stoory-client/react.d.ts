import type {
  Conversation,
  ConversationState,
  Notifications,
  NotificationsState,
  Status,
  StooryClient,
} from './index.js';

/** Returns the snapshot of a conversation, and the `Conversation`, which is open while the component is mounted. */
export function useConversation(
  client: StooryClient,
  conversationId: string,
): [Readonly<ConversationState>, Conversation];

/** Returns the status of the connection. */
export function useStatus(client: StooryClient): Status;

/** Returns the snapshot of the user's notifications, and the `Notifications`. */
export function useNotifications(client: StooryClient): [Readonly<NotificationsState>, Notifications];
