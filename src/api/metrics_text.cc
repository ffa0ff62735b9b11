#include "api/metrics_text.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace countersign::api {
namespace {

void family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
    out.append("# HELP countersign_").append(name).append(" ").append(help).append("\n");
    out.append("# TYPE countersign_").append(name).append(" ").append(type).append("\n");
}

void sample(std::string& out, std::string_view name, std::string_view labels, std::uint64_t value) {
    out.append("countersign_").append(name);
    if (!labels.empty()) {
        out.append("{").append(labels).append("}");
    }
    out.append(" ").append(std::to_string(value)).append("\n");
}

void single(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
    family(out, name, type, help);
    sample(out, name, {}, value);
}

template <std::size_t N>
void by_name(std::string& out, std::string_view name, std::string_view label, std::string_view help,
             const std::array<std::string_view, N>& names,
             const std::array<std::uint64_t, N>& values) {
    family(out, name, "counter", help);
    for (std::size_t i = 0; i < N; ++i) {
        sample(out, name, std::string(label) + "=\"" + std::string(names[i]) + "\"", values[i]);
    }
}

/// Microseconds as seconds, exactly.
std::string seconds(std::int64_t us) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%" PRId64 ".%06" PRId64,
                                     us / 1'000'000, us % 1'000'000);
    return {text.data(), static_cast<std::size_t>(length)};
}

void latency(std::string& out, const gate::Metrics& metrics) {
    constexpr std::string_view kName = "decision_seconds";
    family(out, kName, "histogram", "From an action's arrival to its decision.");
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < metrics.latency.size(); ++i) {
        sum += metrics.latency[i];
        const std::string bound = i < gate::Metrics::kBoundsUs.size()
                                      ? seconds(gate::Metrics::kBoundsUs[i])
                                      : std::string("+Inf");
        sample(out, "decision_seconds_bucket", "le=\"" + bound + "\"", sum);
    }
    out.append("countersign_decision_seconds_sum ")
        .append(seconds(metrics.latency_sum_us))
        .append("\n");
    sample(out, "decision_seconds_count", {}, sum);
}

}  // namespace

std::string metrics_text(const gate::Metrics& metrics, const gate::Status& status) {
    std::string out;
    by_name(out, "decisions_total", "decision", "Decisions by kind.", model::kDecisionNames,
            metrics.decisions);
    by_name(out, "actions_total", "tier", "Actions by tier.", model::kTierNames, metrics.tiers);
    latency(out, metrics);
    single(out, "covered_total", "counter", "Program starts covered by a released action.",
           metrics.granted_by_grant);
    single(out, "released_after_votes_total", "counter", "Held actions that votes released.",
           metrics.released_after_votes);
    single(out, "refused_total", "counter", "Held actions that were denied.", metrics.refused);
    single(out, "expired_total", "counter", "Held actions that nobody answered.", metrics.expired);
    single(out, "unrecorded_total", "counter", "Actions denied since they could not be recorded.",
           metrics.unrecorded);
    single(out, "votes_total", "counter", "Votes counted.", metrics.votes);
    single(out, "votes_refused_total", "counter", "Votes refused.", metrics.votes_refused);
    single(out, "outcomes_total", "counter", "Outcomes reported.", metrics.outcomes);
    single(out, "sessions", "gauge", "Active sessions.", status.sessions);
    single(out, "pending_actions", "gauge", "Actions that wait.", status.pending);
    single(out, "log_records", "gauge", "Records in the audit log.", status.log_size);
    single(out, "log_healthy", "gauge", "1 while the audit log can be written.",
           status.log_trouble.empty() ? 1 : 0);
    single(out, "frozen", "gauge", "1 while everything is held.", status.freeze.frozen ? 1 : 0);
    return out;
}

}  // namespace countersign::api
