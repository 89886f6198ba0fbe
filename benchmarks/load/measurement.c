#include "measurement.h"
#include "histogram.h"

#include <stdio.h>

#define DRAIN_SECONDS 20
#define STEP (SECOND / 100)

static const MeasurementOptions *options;
static Histogram acknowledgements, deliveries;
static enum { CONNECTING_ALL, WARMING_UP, MEASURING, DRAINING } phase;
static Nanoseconds phase_ends;
static Counts at_start, at_end;
static int receivers;

static void enter(int next, Nanoseconds time, double seconds) {
    phase = next;
    phase_ends = time + (Nanoseconds)(seconds * SECOND);
}

void measurement_start(const MeasurementOptions *given, Nanoseconds time, int each_message_has) {
    options = given;
    receivers = each_message_has;
    enter(WARMING_UP, time, options->warmup);
}

bool measurement_sends(void) { return phase == WARMING_UP || phase == MEASURING; }

void measurement_acknowledged(Nanoseconds took) {
    if (phase == MEASURING) histogram_record(&acknowledgements, took);
}

void measurement_delivered(bool is_own, Nanoseconds sent_at) {
    if (!is_own && phase == MEASURING) histogram_record(&deliveries, now() - sent_at);
}

static bool all_arrived(void) {
    if (counts.delivered > counts.sent * receivers) fail("more deliveries than messages");
    return counts.acknowledged == counts.sent && counts.delivered == counts.sent * receivers &&
           (!options->notifications || counts.notified == counts.sent);
}

static void print_results(void) {
    double seconds = options->measure;
    printf("{\"phase\": \"done\", \"messages_per_second\": %.1f, \"deliveries_per_second\": %.1f, ",
           (at_end.acknowledged - at_start.acknowledged) / seconds, (at_end.delivered - at_start.delivered) / seconds);
    printf("\"ack_p50_ms\": %.3f, \"ack_p99_ms\": %.3f, \"ack_max_ms\": %.3f, ",
           histogram_percentile(&acknowledgements, 0.5), histogram_percentile(&acknowledgements, 0.99),
           acknowledgements.longest / 1e6);
    printf("\"delivery_p50_ms\": %.3f, \"delivery_p99_ms\": %.3f, \"delivery_max_ms\": %.3f, ",
           histogram_percentile(&deliveries, 0.5), histogram_percentile(&deliveries, 0.99), deliveries.longest / 1e6);
    printf("\"sent\": %ld, \"acknowledged\": %ld, \"delivered\": %ld, \"receivers\": %d, \"notified\": %ld, "
           "\"reordered\": %ld, \"other_events\": %ld}\n",
           counts.sent, counts.acknowledged, counts.delivered, receivers, counts.notified, counts.reordered,
           counts.other);
}

static Nanoseconds drain(Nanoseconds time) {
    if (all_arrived()) {
        print_results();
        return 0;
    }
    if (time >= phase_ends) {
        fail("after %d s: %ld messages sent, %ld acknowledged, %ld of %ld delivered, %ld notifications", DRAIN_SECONDS,
             counts.sent, counts.acknowledged, counts.delivered, counts.sent * receivers, counts.notified);
    }
    return time + STEP;
}

Nanoseconds measurement_tick(Nanoseconds time) {
    if (phase == WARMING_UP && time >= phase_ends) {
        at_start = counts;
        printf("{\"phase\": \"measuring\"}\n");
        enter(MEASURING, phase_ends, options->measure);
    }
    if (phase == MEASURING && time >= phase_ends) {
        at_end = counts;
        printf("{\"phase\": \"measured\"}\n");
        enter(DRAINING, time, DRAIN_SECONDS);
    }
    if (phase == DRAINING) return drain(time);
    return time + STEP < phase_ends ? time + STEP : phase_ends;
}
