import type { Conversation, ConversationState, Status, StooryClient } from './index.js';

export function useConversation(
  client: StooryClient,
  conversationId: string,
): [Readonly<ConversationState>, Conversation];

export function useStatus(client: StooryClient): Status;
