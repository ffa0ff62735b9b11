#include "gate/redaction.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/check.h"
#include "inspect/inspect.h"

namespace countersign::gate {
namespace {

/// A piece of the joined text that becomes something else.
struct Cut {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string mark;
};

/// Replaces in `word`, which stands at `offset` of the joined text, what the cuts touch. A secret
/// that reaches over several words leaves its mark in each.
std::string cut_word(const std::string& word, std::size_t offset, const std::vector<Cut>& cuts) {
    std::string out;
    std::size_t at = 0;
    for (const Cut& cut : cuts) {
        const std::size_t begin = std::max(cut.begin, offset + at) - offset;
        const std::size_t end = std::min(cut.end, offset + word.size());
        if (cut.end <= offset + at || end <= offset + begin) {
            continue;
        }
        out.append(word, at, begin - at);
        out += cut.mark;
        at = end - offset;
    }
    return out.append(word, at, std::string::npos);
}

std::vector<Cut> cuts_of(const std::string& joined) {
    std::vector<Cut> cuts;
    for (const inspect::Secret& secret : inspect::secrets(joined)) {
        cuts.push_back({secret.span.begin, secret.span.end, "[redacted:" + secret.kind + "]"});
    }
    std::sort(cuts.begin(), cuts.end(),
              [](const Cut& a, const Cut& b) { return a.begin < b.begin; });
    return cuts;
}

void redact_map(std::map<std::string, std::string>& map) {
    for (auto& [name, value] : map) {
        // Name and value together: "DATABASE_PASSWORD=x" tells more than "x".
        const std::string both = inspect::redact(name + "=" + value);
        if (both.starts_with(name + "=")) {
            value = both.substr(name.size() + 1);
        } else {
            value = "[redacted]";
        }
    }
}

void redact_list(std::vector<std::string>& list) {
    for (std::string& element : list) {
        element = inspect::redact(element);
    }
}

void redact_action(model::Action& action) {
    action.text = inspect::redact(action.text);
    action.argv = redact_words(action.argv);
    action.target = inspect::redact(action.target);
    action.server = inspect::redact(action.server);
}

void redact_command(model::JudgedCommand& command) {
    std::vector<std::string> words;
    words.reserve(command.argv.size());
    for (const auto& word : command.argv) {
        words.push_back(word.value_or("*"));
    }
    words = redact_words(words);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (command.argv[i]) {
            command.argv[i] = std::move(words[i]);
        }
    }
}

}  // namespace

std::vector<std::string> redact_words(const std::vector<std::string>& words) {
    std::string joined;
    for (const std::string& word : words) {
        joined += word;
        joined += ' ';
    }
    const std::vector<Cut> cuts = cuts_of(joined);
    if (cuts.empty()) {
        return words;
    }
    std::vector<std::string> out;
    out.reserve(words.size());
    std::size_t offset = 0;
    for (const std::string& word : words) {
        out.push_back(cut_word(word, offset, cuts));
        offset += word.size() + 1;
    }
    return out;
}

model::ActionRequest redacted(const model::ActionRequest& request) {
    return redacted(request, redacted_parts(request, {}));
}

RedactedParts redacted_parts(const model::ActionRequest& request,
                             const model::Assessment& assessment) {
    RedactedParts out{request.action, request.context.environment, assessment.commands,
                      assessment.effects, assessment.findings};
    redact_action(out.action);
    redact_map(out.environment);
    for (model::JudgedCommand& command : out.commands) {
        redact_command(command);
    }
    for (model::Effect& effect : out.effects) {
        effect.target = inspect::redact(effect.target);
        effect.detail = inspect::redact(effect.detail);
    }
    for (model::Finding& finding : out.findings) {
        finding.why = inspect::redact(finding.why);
    }
    return out;
}

model::ActionRequest redacted(const model::ActionRequest& request, const RedactedParts& parts) {
    model::ActionRequest out;
    out.action = parts.action;
    out.context = request.context;
    out.context.purpose = inspect::redact(out.context.purpose);
    out.context.environment = parts.environment;
    return out;
}

model::Verdict redacted(const model::Verdict& verdict) {
    return redacted(verdict, redacted_parts({}, verdict.assessment));
}

model::Verdict redacted(const model::Verdict& verdict, const RedactedParts& parts) {
    model::Verdict out = verdict;
    CHECK(parts.commands.size() == out.assessment.commands.size());
    for (std::size_t i = 0; i < parts.commands.size(); ++i) {
        // The tier may have changed with the circumstances.
        out.assessment.commands[i].argv = parts.commands[i].argv;
    }
    out.assessment.effects = parts.effects;
    out.assessment.findings = parts.findings;
    for (model::Factor& factor : out.assessment.factors) {
        factor.why = inspect::redact(factor.why);
    }
    out.reason = inspect::redact(out.reason);
    out.hint = inspect::redact(out.hint);
    if (out.modified) {
        redact_action(*out.modified);
    }
    return out;
}

model::Outcome redacted(const model::Outcome& outcome) {
    model::Outcome out = outcome;
    out.error = inspect::redact(out.error);
    redact_list(out.files_changed);
    redact_list(out.hosts);
    return out;
}

}  // namespace countersign::gate
