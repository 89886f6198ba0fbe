"""The admin pages of payment orders: a list, in which operators find undecided payments, and a page with refunds."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from accounts.admin_search import IndexedSearchAdmin
from accounts.models import User
from conversations.flows.facts import price_text
from deals.models import PaymentOrder
from deals.payments.decisions import MAY_REFUND
from deals.payments.ledger import read_ledger
from deals.payments.refund_requests import refundable
from foundation.admin import ReadOnly
from foundation.errors import DomainError
from foundation.ids import parse_id
from operators.forms import first_fault
from operators.payment_forms import KeepForm, PaymentForm, RefundForm
from operators.searches import payment_orders

FORMS: dict[str, type[PaymentForm]] = {"refund": RefundForm, "keep": KeepForm}


class UndecidedFilter(admin.SimpleListFilter):
    title = "decision"
    parameter_name = "payment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("undecided", "payment undecided")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PaymentOrder]) -> QuerySet[PaymentOrder]:
        return queryset.filter(undecided_since__isnull=False) if self.value() == "undecided" else queryset


class PaymentOrderAdmin(ReadOnly, IndexedSearchAdmin):
    found = staticmethod(payment_orders)
    search_help_text = "Beginnings of words of the payer's name, the beginning of an address, an id or a reference"
    list_display = ["shown_as", "conversation", "payer", "price", "status", "refunded", "dispute", "undecided_since"]
    list_filter = [UndecidedFilter, "status", "provider"]
    ordering = ["-created_at"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentOrder]:
        rows = super().get_queryset(request).select_related("offer", "conversation", "payer")
        return rows.prefetch_related("events")

    @admin.display(description="order")
    def shown_as(self, order: PaymentOrder) -> str:
        return str(order.pk)

    @admin.display(description="price")
    def price(self, order: PaymentOrder) -> str:
        return order.offer.price_text

    @admin.display(description="refunded")
    def refunded(self, order: PaymentOrder) -> str:
        return price_text(read_ledger(order).refunded, order.offer.currency)

    @admin.display(description="dispute")
    def dispute(self, order: PaymentOrder) -> str | None:
        return read_ledger(order).dispute

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the order with its events and refunds. A POST refunds it, or decides not to."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        order = get_object_or_404(self.get_queryset(request), pk=parse_id(object_id))
        assert isinstance(request.user, User)
        may_refund = request.user.has_perm(MAY_REFUND)
        if request.method == "POST":
            if not may_refund:
                raise PermissionDenied
            self._decide(request, order, request.user)
            return HttpResponseRedirect(request.path)
        return render(request, "admin/deals/payment_order.html", self._context(request, order, may_refund))

    def _context(self, request: HttpRequest, order: PaymentOrder, may_refund: bool) -> dict[str, Any]:
        ledger, currency = read_ledger(order), order.offer.currency
        left = max(0, refundable(order, ledger))
        amounts = {
            "paid": ledger.paid,
            "refunded": ledger.refunded,
            "remaining": ledger.remaining,
            "refundable": left,
        }
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Payment order {order.pk}",
            "order": order,
            "ledger": ledger,
            "amounts": {name: price_text(minor, currency) for name, minor in amounts.items()},
            "refunds": [
                (refund, price_text(refund.amount, currency)) for refund in order.refunds.select_related("requester")
            ],
            "decisions": order.decisions.select_related("decider"),
            "may_refund": may_refund,
            "refundable": left,
        }

    def _decide(self, request: HttpRequest, order: PaymentOrder, operator: User) -> None:
        """Execute a form; the operator sees any error."""
        chosen = FORMS.get(request.POST.get("decision", ""))
        if chosen is None:
            self.message_user(request, "There is no such decision.", messages.ERROR)
            return
        form = chosen(order, request.POST, operator=operator)
        if not form.is_valid():
            for faults in form.errors.values():
                self.message_user(request, str(faults[0]), messages.ERROR)
            return
        try:
            self.log_change(request, order, form.execute())
        except DomainError as error:
            self.message_user(request, first_fault(error), messages.ERROR)
            return
        self.message_user(request, form.success_message, messages.SUCCESS)
