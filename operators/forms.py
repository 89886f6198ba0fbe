"""The forms of the transcript page."""

from typing import Any

from django import forms

from accounts.models import User
from conversations.flows.system_actions import CLOSE, PAUSE, REASON, RESUME
from conversations.models import Conversation
from conversations.participant_removal import remove_participant
from foundation import text
from foundation.errors import DomainError
from messaging.limits import MAX_MESSAGE_LENGTH
from messaging.system_messages import post_system_message
from operators.interventions import intervene
from operators.requests import InterventionRequest


def first_fault(error: DomainError) -> str:
    """Return the text that the operator sees: the first fault of the input, else the message of the error."""
    return next((fault for faults in (error.errors or {}).values() for fault in faults), error.message)


class ConversationForm(forms.Form):
    """The base class of forms that change a conversation."""

    def __init__(self, conversation: Conversation, *args: Any, **kwargs: Any) -> None:
        self.conversation = conversation
        super().__init__(*args, **kwargs)


class SystemMessageForm(ConversationForm):
    """Sends a message to both participants, as the system."""

    message = forms.CharField(max_length=MAX_MESSAGE_LENGTH, strip=False, widget=forms.Textarea(attrs={"rows": 3}))
    success_message = "The message was sent to both sides."

    def clean_message(self) -> str:
        written = text.trimmed(self.cleaned_data["message"].replace("\r\n", "\n"))
        fault = text.error_message(written, max_length=MAX_MESSAGE_LENGTH)
        if fault:
            raise forms.ValidationError(fault)
        return written

    def execute(self) -> str:
        message = post_system_message(conversation_id=self.conversation.pk, text=self.cleaned_data["message"])
        return f"Posted the system message {message.pk}."


class RemovalForm(ConversationForm):
    """Removes a participant from the conversation."""

    remove = forms.UUIDField()
    success_message = "The participant was removed."

    def execute(self) -> str:
        user_id = self.cleaned_data["remove"]
        remove_participant(conversation_id=self.conversation.pk, user_id=user_id)
        return f"Removed the participant {user_id}."


class InterventionForm(ConversationForm):
    """Pauses, resumes or closes the conversation, if its state is still the state that the page showed."""

    DONE = {
        PAUSE: "The automation is paused.",
        RESUME: "The automation has resumed.",
        CLOSE: "The conversation is closed.",
    }

    intervention = forms.ChoiceField(choices=[(name, name) for name in DONE])
    reason = forms.CharField(required=False, max_length=REASON.max_length)
    money = forms.CharField(required=False)
    state_version = forms.IntegerField(min_value=1)

    def __init__(self, conversation: Conversation, *args: Any, operator: User, **kwargs: Any) -> None:
        self.operator = operator
        super().__init__(conversation, *args, **kwargs)

    @property
    def success_message(self) -> str:
        return self.DONE[self.cleaned_data["intervention"]]

    def execute(self) -> str:
        action, reason = self.cleaned_data["intervention"], self.cleaned_data["reason"] or None
        money, version = self.cleaned_data["money"] or None, self.cleaned_data["state_version"]
        data = InterventionRequest(reason=reason, money=money, state_version=version)
        intervene(operator=self.operator, conversation_id=self.conversation.pk, action=action, data=data)
        return f"Operated: {action}. {reason or ''}".strip()
