// For tests of this room, which may not include shell/: commands out of simple text. Words are
// split at blanks, 'single' and "double" quotes group, $(...) becomes commands of its own and an
// unknown word, "|" pipes, ";", "&&" and newlines separate, "<", ">" and ">>" redirect.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/inspect.h"

namespace countersign::inspect::testing {

class Commands {
public:
    explicit Commands(std::string_view text) {
        action_.text = std::string(text);
        list(0, text.size(), false);
        for (const model::ResolvedCommand& command : commands_) {
            views_.push_back({&command, "", std::nullopt, false});
        }
    }

    std::vector<model::ResolvedCommand>& commands() { return commands_; }
    model::Action& action() { return action_; }
    std::vector<model::Effect> effects;
    std::vector<Observation> observations;

    [[nodiscard]] std::vector<model::Finding> findings() const {
        return inspect::findings({&action_, &views_, &effects, &observations});
    }

private:
    static bool blank(char c) { return c == ' ' || c == '\t'; }

    void list(std::size_t at, std::size_t end, bool inside) {
        std::size_t pipe_from = kNone;
        while (at < end) {
            bool piped = false;
            const std::size_t self = command(at, end, inside, piped);
            if (self != kNone && pipe_from != kNone) {
                commands_[pipe_from].pipes_to = self;
                commands_[self].input.kind = model::InputSource::Kind::Pipe;
                commands_[self].input.pipe_from = pipe_from;
            }
            pipe_from = piped ? self : kNone;
        }
    }

    std::size_t command(std::size_t& at, std::size_t end, bool inside, bool& piped) {
        while (at < end && (blank(action_.text[at]) || action_.text[at] == '\n')) {
            ++at;
        }
        const std::size_t begin = at;
        model::ResolvedCommand made;
        made.substitution = inside;
        const std::size_t self = commands_.size();
        commands_.push_back({});
        std::string redirect;
        while (at < end) {
            const char c = action_.text[at];
            if (c == '|' || c == ';' || c == '\n' || c == '&') {
                piped = c == '|' && action_.text.compare(at, 2, "||") != 0;
                break;
            }
            if (blank(c)) {
                ++at;
            } else if (c == '<' || c == '>') {
                redirect.clear();
                while (at < end && (action_.text[at] == '<' || action_.text[at] == '>')) {
                    redirect += action_.text[at++];
                }
            } else {
                put(made, redirect, word(at, end));
                redirect.clear();
            }
        }
        made.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at)};
        while (at < end && (action_.text[at] == '|' || action_.text[at] == ';' ||
                            action_.text[at] == '&' || action_.text[at] == '\n')) {
            ++at;
        }
        commands_[self] = std::move(made);
        return self;
    }

    static void put(model::ResolvedCommand& command, const std::string& redirect,
                    model::Word word) {
        using Kind = model::Redirection::Kind;
        if (redirect.empty()) {
            command.argv.push_back(std::move(word));
        } else if (redirect == "<<<") {
            command.input = {model::InputSource::Kind::Text, 0, word};
        } else {
            const Kind kind = redirect == ">"    ? Kind::Write
                              : redirect == ">>" ? Kind::Append
                              : redirect == "<>" ? Kind::ReadWrite
                                                 : Kind::Read;
            command.redirections.push_back({kind, 1, std::move(word), {}});
        }
    }

    model::Word word(std::size_t& at, std::size_t end) {
        const std::size_t begin = at;
        std::string value;
        bool known = true;
        char quote = '\0';
        std::vector<std::pair<std::size_t, std::size_t>> inner;
        while (at < end) {
            const char c = action_.text[at];
            if (quote == '\0' && (blank(c) || c == '|' || c == ';' || c == '\n' || c == '<' ||
                                  c == '>' || c == '&')) {
                break;
            }
            if (quote != '\'' && action_.text.compare(at, 2, "$(") == 0) {
                std::size_t depth = 1;
                const std::size_t open = at + 2;
                at = open;
                while (at < end && depth > 0) {
                    depth += action_.text[at] == '(' ? 1U : 0U;
                    depth -= action_.text[at] == ')' ? 1U : 0U;
                    ++at;
                }
                inner.emplace_back(open, at - 1);
                known = false;
            } else if (c == quote) {
                quote = '\0';
                ++at;
            } else if (quote == '\0' && (c == '"' || c == '\'')) {
                quote = c;
                ++at;
            } else {
                value += known ? std::string(1, c) : "";
                ++at;
            }
        }
        model::Word made = known ? model::Word::literal(value) : model::Word::unknown("test");
        made.known_prefix = known ? "" : value;
        made.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at)};
        for (const auto& [first, last] : inner) {
            list(first, last, true);
        }
        return made;
    }

    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    model::Action action_;
    std::vector<model::ResolvedCommand> commands_;
    std::vector<CommandView> views_;
};

}  // namespace countersign::inspect::testing
