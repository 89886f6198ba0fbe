import { useEffect, useSyncExternalStore } from 'react';

/**
 * A conversation in a React component: its snapshot, and the conversation itself to act upon.
 *
 * It is entered when the component is shown, and left when that goes.
 */
export function useConversation(client, conversationId) {
  const conversation = client.conversation(conversationId);
  const snapshot = useSyncExternalStore(conversation.subscribe, conversation.getSnapshot, conversation.getSnapshot);
  useEffect(() => {
    void conversation.open();
    return () => conversation.close();
  }, [conversation]);
  return [snapshot, conversation];
}

/** The state of the connection: `online`, `reconnecting`, `offline` … */
export function useStatus(client) {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot).status;
}

/** The user's notifications, in any conversation: the snapshot, and the store itself, to mark them as read. */
export function useNotifications(client) {
  const { notifications } = client;
  const snapshot = useSyncExternalStore(notifications.subscribe, notifications.getSnapshot, notifications.getSnapshot);
  return [snapshot, notifications];
}
