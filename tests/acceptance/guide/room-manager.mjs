// The guide's room manager.
import socketService from './socket-service.mjs';

class RoomManager {
  constructor() {
    this.socket = null;
    this.joinedRooms = new Set();
  }

  initialize() {
    this.socket = socketService.getSocket();
  }

  joinConversation(conversationId) {
    if (this.socket && !this.joinedRooms.has(`conversation_${conversationId}`)) {
      this.socket.emit('join_conversation', { conversationId });
      this.joinedRooms.add(`conversation_${conversationId}`);
      console.log(`Joined conversation room: ${conversationId}`);
    }
  }

  leaveConversation(conversationId) {
    if (this.socket && this.joinedRooms.has(`conversation_${conversationId}`)) {
      this.socket.emit('leave_conversation', { conversationId });
      this.joinedRooms.delete(`conversation_${conversationId}`);
      console.log(`Left conversation room: ${conversationId}`);
    }
  }

  joinUserRoom(userId) {
    if (this.socket && !this.joinedRooms.has(`user_${userId}`)) {
      this.socket.emit('join_user_room', { userId });
      this.joinedRooms.add(`user_${userId}`);
      console.log(`Joined user room: ${userId}`);
    }
  }

  leaveUserRoom(userId) {
    if (this.socket && this.joinedRooms.has(`user_${userId}`)) {
      this.socket.emit('leave_user_room', { userId });
      this.joinedRooms.delete(`user_${userId}`);
      console.log(`Left user room: ${userId}`);
    }
  }

  getJoinedRooms() {
    return Array.from(this.joinedRooms);
  }
}

export default new RoomManager();
