import type {
  Conversation,
  ConversationState,
  Notifications,
  NotificationsState,
  Status,
  StooryClient,
} from './index.js';

export function useConversation(
  client: StooryClient,
  conversationId: string,
): [Readonly<ConversationState>, Conversation];

export function useStatus(client: StooryClient): Status;

export function useNotifications(client: StooryClient): [Readonly<NotificationsState>, Notifications];
