#include "inspect/inspect.h"

#include <algorithm>

#include "base/limits.h"
#include "inspect/lexical.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::ActionKind;
using model::Finding;
using model::Severity;

/// Content that an agent writes with its own tool: the same shapes as in a command's program.
void find_in_content(const Scene& scene, Sink& sink) {
    const model::Action& action = scene.action();
    if (action.kind != ActionKind::File && action.kind != ActionKind::ToolCall) {
        return;
    }
    const model::Span whole{0, static_cast<std::uint32_t>(action.text.size())};
    if (const char* const kind = shell_program_kind(action.text)) {
        sink.add(kind, Severity::High, whole,
                 "the content opens a connection and starts a shell on it");
    } else if (mentions_connector_shell(action.text)) {
        sink.add("reverse_shell", Severity::High, whole,
                 "the content connects a shell to the network");
    }
}

void sort(std::vector<Finding>& findings) {
    std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
        if (a.severity != b.severity) {
            return a.severity > b.severity;
        }
        return a.span.begin < b.span.begin;
    });
}

}  // namespace

std::vector<Finding> findings(const Subject& subject) {
    Sink sink;
    const bool too_many =
        subject.commands != nullptr && subject.commands->size() > limits::kInspectedCommandsMax;
    if (too_many) {
        sink.add("not_inspected", Severity::Critical,
                 {0, static_cast<std::uint32_t>(subject.action->text.size())},
                 "more commands than can be inspected together");
        return sink.take();
    }
    const Scene scene(subject);
    find_hidden(scene, sink);
    find_disguise(scene, sink);
    find_shells(scene, sink);
    find_payloads(scene, sink);
    find_leaks(scene, sink);
    find_tampering(scene, sink);
    find_defences(scene, sink);
    find_bombs(scene, sink);
    find_time_bombs(scene, sink);
    find_origin(scene, sink);
    find_secrets(scene, sink);
    find_in_content(scene, sink);
    std::vector<Finding> findings = sink.take();
    sort(findings);
    return findings;
}

}  // namespace countersign::inspect
