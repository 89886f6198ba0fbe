/* Phases of a run (connecting, warm-up, measured interval, draining) and what the measured one amounts to. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#define DRAIN_SECONDS 20
#define STEP (SECOND / 100)

Histogram acknowledgements, deliveries;

static enum { CONNECTING_ALL, WARMING, MEASURING, DRAINING } phase;
static Nanoseconds phase_ends;
static Counts at_start, at_end;

/* Slots of 1/32 of their value and less, from microseconds up. */
void record(Histogram *histogram, Nanoseconds took) {
    uint64_t micros = took / 1000;
    int shift = micros < 64 ? 0 : 58 - __builtin_clzll(micros);
    uint64_t slot = shift * 32 + (micros >> shift);
    uint64_t last = sizeof histogram->slots / sizeof *histogram->slots - 1;
    histogram->slots[slot < last ? slot : last]++;
    histogram->count++;
    if (took > histogram->longest) histogram->longest = took;
}

/* In milliseconds. */
double percentile(const Histogram *histogram, double share) {
    long rank = histogram->count * share, seen = 0;
    for (size_t slot = 0; slot < sizeof histogram->slots / sizeof *histogram->slots; slot++) {
        seen += histogram->slots[slot];
        if (seen > rank) {
            size_t shift = slot < 64 ? 0 : slot / 32 - 1;
            return ((slot - shift * 32) << shift) / 1000.0;
        }
    }
    return 0;
}

static void enter(int next, Nanoseconds time, double seconds) {
    phase = next;
    phase_ends = time + (Nanoseconds)(seconds * SECOND);
}

void phases_start(Nanoseconds time) { enter(WARMING, time, options.warmup); }

bool phase_sends(void) { return phase == WARMING || phase == MEASURING; }

bool phase_is_measured(void) { return phase == MEASURING; }

static void check_all_arrived(Nanoseconds time, long expected_deliveries) {
    if (time < phase_ends) return;
    fail("after %d s: %ld messages sent, %ld acknowledged, %ld of %ld deliveries, %ld notifications", DRAIN_SECONDS,
         counts.sent, counts.acknowledged, counts.delivered, expected_deliveries, counts.notified);
}

static bool all_arrived(long expected_deliveries) {
    if (counts.delivered > expected_deliveries) fail("more deliveries than messages");
    return counts.acknowledged == counts.sent && counts.delivered == expected_deliveries &&
           (!options.notifications || counts.notified == counts.sent);
}

/* 0 when everything that was sent has arrived where it should, as often as it should. */
Nanoseconds phases_tick(Nanoseconds time, long expected_deliveries) {
    if (phase == WARMING && time >= phase_ends) {
        at_start = counts;
        printf("{\"stage\": \"measuring\"}\n");
        enter(MEASURING, phase_ends, options.measure);
    }
    if (phase == MEASURING && time >= phase_ends) {
        at_end = counts;
        printf("{\"stage\": \"measured\"}\n");
        enter(DRAINING, time, DRAIN_SECONDS);
    }
    if (phase != DRAINING) return time + STEP < phase_ends ? time + STEP : phase_ends;
    if (all_arrived(expected_deliveries)) return 0;
    check_all_arrived(time, expected_deliveries);
    return time + STEP;
}

void print_messages(int receivers) {
    double seconds = options.measure;
    printf("{\"stage\": \"done\", \"messages_per_second\": %.1f, \"deliveries_per_second\": %.1f, ",
           (at_end.acknowledged - at_start.acknowledged) / seconds, (at_end.delivered - at_start.delivered) / seconds);
    printf("\"ack_p50_ms\": %.3f, \"ack_p99_ms\": %.3f, \"ack_max_ms\": %.3f, ", percentile(&acknowledgements, 0.5),
           percentile(&acknowledgements, 0.99), acknowledgements.longest / 1e6);
    printf("\"delivery_p50_ms\": %.3f, \"delivery_p99_ms\": %.3f, \"delivery_max_ms\": %.3f, ",
           percentile(&deliveries, 0.5), percentile(&deliveries, 0.99), deliveries.longest / 1e6);
    printf("\"sent\": %ld, \"acknowledged\": %ld, \"delivered\": %ld, \"receivers\": %d, \"notified\": %ld, "
           "\"reordered\": %ld, \"other_events\": %ld}\n",
           counts.sent, counts.acknowledged, counts.delivered, receivers, counts.notified, counts.reordered,
           counts.other);
}
