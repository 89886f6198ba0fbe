// The guide's chat component without React: `mount` and `unmount` are its effect, `render` its markup.
import messageListener from './message-listener.mjs';
import socketService from './socket-service.mjs';

export default class ChatComponent {
  constructor({ conversationId, currentUserId }) {
    this.conversationId = conversationId;
    this.currentUserId = currentUserId;
    this.messages = [];
    this.notifications = [];
    this.failures = [];
  }

  mount() {
    const { conversationId } = this;
    const token = localStorage.getItem('authToken');
    socketService.connect(token);
    messageListener.initialize();

    const socket = socketService.getSocket();
    if (socket) {
      socket.emit('join_conversation', { conversationId });
    }

    const handleNewMessage = (data) => {
      if (data.conversation_id === conversationId) {
        this.messages = [...this.messages, data.message];
      }
    };

    const handleNotification = (data) => {
      if (data.data.conversation_id === conversationId) {
        console.log('Message notification:', data.data);
        this.notifications.push(data.data);
      }
    };

    messageListener.onMessage(handleNewMessage);
    messageListener.onNotification(handleNotification);

    this.unmount = () => {
      messageListener.offMessage(handleNewMessage);
      messageListener.offNotification(handleNotification);

      if (socket) {
        socket.emit('leave_conversation', { conversationId });
      }
    };
  }

  async sendMessage(messageText) {
    try {
      const response = await fetch('/api/messages', {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Authorization: `Bearer ${localStorage.getItem('authToken')}`,
        },
        body: JSON.stringify({
          conversation_id: this.conversationId,
          message: messageText,
        }),
      });

      const result = await response.json();

      if (result.success) {
        console.log('Message sent successfully');
      } else {
        console.error('Failed to send message:', result.message);
        this.failures.push(result.message);
      }
    } catch (error) {
      console.error('Error sending message:', error);
      this.failures.push(error);
    }
  }

  render() {
    return this.messages.map((message) => ({
      key: message.id,
      className: `message ${message.sender_id === this.currentUserId ? 'sent' : 'received'}`,
      content: message.message,
      time: new Date(message.created_at).toLocaleTimeString('en-GB', { timeZone: 'UTC' }),
    }));
  }
}
