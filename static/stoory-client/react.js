import { useEffect, useSyncExternalStore } from 'react';

/**
 * Use a conversation in a React component. Returns its snapshot and the `Conversation`.
 *
 * The conversation is opened when the component is mounted, and closed when it is unmounted.
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

/** Use the connection in a React component. Returns its status: `online`, `reconnecting`, `offline` … */
export function useStatus(client) {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot).status;
}

/** Use the user's notifications in a React component. Returns their snapshot and the `Notifications`. */
export function useNotifications(client) {
  const { notifications } = client;
  const snapshot = useSyncExternalStore(notifications.subscribe, notifications.getSnapshot, notifications.getSnapshot);
  return [snapshot, notifications];
}
