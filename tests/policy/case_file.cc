#include "case_file.h"

#include <algorithm>
#include <array>

#include "text/number.h"
#include "text/utf8.h"

namespace countersign::policy_cases {
namespace {

struct Line {
    int number = 0;
    std::string key;
    std::string value;
};

bool read_yes(std::string_view value, bool& out) {
    out = value == "yes";
    return value == "yes" || value == "no";
}

int hex(char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::size_t at = kDigits.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// \xNN, \u{N...}, \n and \\ ; anything else stands for itself.
std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 >= text.size()) {
            out += text[i];
        } else if (text[i + 1] == 'x' && i + 3 < text.size()) {
            const int high = hex(text[i + 2]);
            const int low = hex(text[i + 3]);
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            out += static_cast<char>(high * 16 + low);
            i += 3;
        } else if (text.substr(i + 1, 2) == "u{") {
            const std::size_t end = text.find('}', i);
            std::uint32_t point = 0;
            if (end == std::string_view::npos) {
                return std::nullopt;
            }
            for (std::size_t j = i + 3; j < end; ++j) {
                point = point * 16 + static_cast<std::uint32_t>(std::max(0, hex(text[j])));
            }
            text::append_utf8(out, point);
            i = end;
        } else if (text[i + 1] == 'n') {
            out += '\n';
            ++i;
        } else if (text[i + 1] == '\\') {
            out += '\\';
            ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}

using Apply = bool (*)(PolicyCase& into, const std::string& value);

model::Context& context(PolicyCase& into) {
    return into.request.context;
}

bool set_decision(PolicyCase& into, model::Decision decision) {
    into.expected.decision = decision;
    return true;
}

struct Key {
    std::string_view name;
    Apply apply;
};
const std::array<Key, 24> kKeys = {
    {{"directory",
      [](PolicyCase& c, const std::string& v) {
          context(c).directory = v;
          return true;
      }},
     {"workspace",
      [](PolicyCase& c, const std::string& v) {
          context(c).workspace = v;
          context(c).directory = v;
          return true;
      }},
     {"home",
      [](PolicyCase& c, const std::string& v) {
          context(c).home = v;
          return true;
      }},
     {"agent",
      [](PolicyCase& c, const std::string& v) {
          context(c).agent.type = v;
          return true;
      }},
     {"contained",
      [](PolicyCase& c, const std::string& v) { return read_yes(v, context(c).contained); }},
     {"staged", [](PolicyCase& c, const std::string& v) { return read_yes(v, context(c).staged); }},
     {"kind",
      [](PolicyCase& c, const std::string& v) {
          const auto kind = model::action_kind_from(v);
          c.request.action.kind = kind.value_or(model::ActionKind::Command);
          return kind.has_value();
      }},
     {"text",
      [](PolicyCase& c, const std::string& v) {
          c.request.action.text = v;
          return true;
      }},
     {"escaped",
      [](PolicyCase& c, const std::string& v) {
          const auto text = unescape(v);
          c.request.action.text = text.value_or("");
          return text.has_value();
      }},
     {"word",
      [](PolicyCase& c, const std::string& v) {
          c.request.action.argv.push_back(v);
          return true;
      }},
     {"program",
      [](PolicyCase& c, const std::string& v) {
          c.request.action.program = v;
          return true;
      }},
     {"policy",
      [](PolicyCase& c, const std::string& v) {
          c.more_policy = v;
          return true;
      }},
     {"allow_rule",
      [](PolicyCase& c, const std::string& v) {
          c.allow_rules.push_back(v);
          return true;
      }},
     {"quiet",
      [](PolicyCase& c, const std::string&) {
          c.expected.quiet = true;
          return true;
      }},
     {"stopped",
      [](PolicyCase& c, const std::string&) {
          c.expected.quiet = false;
          return true;
      }},
     {"allow",
      [](PolicyCase& c, const std::string&) { return set_decision(c, model::Decision::Allow); }},
     {"modify",
      [](PolicyCase& c, const std::string&) { return set_decision(c, model::Decision::Modify); }},
     {"deny",
      [](PolicyCase& c, const std::string&) { return set_decision(c, model::Decision::Deny); }},
     {"step_up",
      [](PolicyCase& c, const std::string& v) {
          const auto count = text::parse_integer(v, 1, 8);
          c.expected.approvals = static_cast<int>(count.value_or(0));
          return count.has_value() && set_decision(c, model::Decision::StepUp);
      }},
     {"tier",
      [](PolicyCase& c, const std::string& v) {
          c.expected.tier = model::tier_from(v);
          return c.expected.tier.has_value();
      }},
     {"tier_at_least",
      [](PolicyCase& c, const std::string& v) {
          c.expected.tier_at_least = model::tier_from(v);
          return c.expected.tier_at_least.has_value();
      }},
     {"rule",
      [](PolicyCase& c, const std::string& v) {
          c.expected.rule = v;
          return true;
      }},
     {"finding",
      [](PolicyCase& c, const std::string& v) {
          c.expected.findings.push_back(v);
          return true;
      }},
     {"complete", [](PolicyCase& c, const std::string& v) {
          bool value = false;
          const bool read = read_yes(v, value);
          c.expected.complete = value;
          return read;
      }}}};

// One "key value" after another; "key <<WORD" takes the lines up to WORD.
Result<std::vector<Line>> lines_of(const std::string& file, std::string_view text) {
    std::vector<Line> out;
    int number = 0;
    std::string end;
    while (!text.empty()) {
        const std::size_t newline = text.find('\n');
        const std::string_view line = text.substr(0, newline);
        text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
        ++number;
        if (!end.empty()) {
            if (line == end) {
                end.clear();
            } else {
                out.back().value += (out.back().value.empty() ? "" : "\n") + std::string(line);
            }
            continue;
        }
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const std::size_t blank = line.find(' ');
        Line entry{number, std::string(line.substr(0, blank)), ""};
        if (blank != std::string_view::npos) {
            entry.value = line.substr(blank + 1);
        }
        if (entry.value.starts_with("<<") && entry.value.size() > 2 &&
            entry.value.find(' ') == std::string::npos) {
            end = entry.value.substr(2);
            entry.value.clear();
        }
        out.push_back(std::move(entry));
    }
    if (!end.empty()) {
        return Error(ErrorCode::Malformed, file + ": \"" + end + "\" never comes");
    }
    return out;
}

Error at(const std::string& file, int line, const std::string& why) {
    return {ErrorCode::Malformed, file + ":" + std::to_string(line) + ": " + why};
}

bool has_expectation(const Expectation& expected) {
    return expected.decision || expected.quiet || expected.tier || expected.tier_at_least;
}

}  // namespace

Result<std::vector<PolicyCase>> read_cases(const std::string& file_name, std::string_view text) {
    const std::vector<Line> lines = TRY(lines_of(file_name, text));
    PolicyCase defaults;
    context(defaults).workspace = "/home/dev/project";
    context(defaults).directory = "/home/dev/project";
    context(defaults).home = "/home/dev";
    context(defaults).door = "check";
    std::vector<PolicyCase> out;
    for (const Line& line : lines) {
        if (line.key == "case") {
            out.push_back(defaults);
            out.back().name = line.value;
            out.back().line = line.number;
            continue;
        }
        const auto key = std::find_if(kKeys.begin(), kKeys.end(),
                                      [&](const Key& entry) { return entry.name == line.key; });
        PolicyCase& into = out.empty() ? defaults : out.back();
        if (key == kKeys.end() || !key->apply(into, line.value)) {
            return at(file_name, line.number,
                      "cannot read \"" + line.key + " " + line.value + "\"");
        }
    }
    for (const PolicyCase& entry : out) {
        const model::Action& action = entry.request.action;
        if ((action.text.empty() && action.argv.empty()) || !has_expectation(entry.expected)) {
            return at(file_name, entry.line, "a case needs a text and an expectation");
        }
    }
    return out;
}

}  // namespace countersign::policy_cases
