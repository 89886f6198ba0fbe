"""A conversation as a client builds it from events alone, by the rules of the guide."""

from typing import Any


class Client:
    def __init__(self) -> None:
        self.seq = 0
        self.context: dict[str, Any] = {}
        self.stage: dict[str, Any] | None = None
        self.messages: dict[str, dict[str, Any]] = {}
        self.states: list[tuple[Any, Any]] = []

    def take(self, event: str, data: dict[str, Any]) -> None:
        assert data["seq"] == self.seq + 1, "seq must rise by one"
        self.seq = data["seq"]
        getattr(self, event)(data)

    def new_message(self, data: dict[str, Any]) -> None:
        assert data["message"]["seq"] == data["seq"]
        self.messages[data["message"]["id"]] = data["message"]
        self.context = data["conversation_context"]

    def message_updated(self, data: dict[str, Any]) -> None:
        self.messages[data["message"]["id"]] = data["message"]

    def message_deleted(self, data: dict[str, Any]) -> None:
        gone = {"message": "", "media_url": None, "attachments": [], "deleted_at": data["deleted_at"]}
        self.messages[data["message_id"]] |= gone

    def messages_read(self, data: dict[str, Any]) -> None:
        for message in self.messages.values():
            mine = message["receiver_id"] == data["user_id"] and message["seq"] <= data["up_to_seq"]
            if mine and message["read_at"] is None:
                message["read_at"] = data["read_at"]

    def conversation_state_changed(self, data: dict[str, Any]) -> None:
        self.states.append((data["previous_state"], data["new_state"]))

    def conversation_updated(self, data: dict[str, Any]) -> None:
        self.context, self.stage = data["conversation_context"], data["stage"]
        assert all(data[key] == self.context[key] for key in ("flow_state", "awaiting_role", "chat_status"))

    def history(self) -> list[dict[str, Any]]:
        """Return the messages; prompts are shown as completed after the conversation has moved on."""
        return [message | {"action_data": self._shown(message["action_data"])} for message in self.messages.values()]

    def _shown(self, prompt: dict[str, Any] | None) -> dict[str, Any] | None:
        past = prompt is not None and prompt["state_version"] != self.context["state_version"]
        return prompt | {"completed": True} if past else prompt
