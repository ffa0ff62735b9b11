#include "language.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace countersign::tools {

namespace {

using catalogue::table::Aim;
using catalogue::table::Many;
using catalogue::table::Value;
using catalogue::table::What;
using model::EffectKind;

struct Token {
    std::string text;
    bool quoted = false;
};

/// Blanks separate tokens; '...' is one token; ';' stands alone.
Parsed<std::vector<Token>> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ') {
            ++at;
        } else if (text[at] == ';') {
            tokens.push_back({";", false});
            ++at;
        } else if (text[at] == '\'') {
            const std::size_t end = text.find('\'', at + 1);
            if (end == std::string_view::npos) {
                return Problem{"unclosed quote"};
            }
            tokens.push_back({std::string(text.substr(at + 1, end - at - 1)), true});
            at = end + 1;
        } else {
            const std::size_t end = std::min(text.find_first_of(" ;", at), text.size());
            tokens.push_back({std::string(text.substr(at, end - at)), false});
            at = end;
        }
    }
    return tokens;
}

struct Verb {
    std::string_view name;
    What what;
    EffectKind kind;
    Aim aim;
    std::string_view say = {};
};

// Words that are not plain effect kinds, and the kinds' usual way to read their target.
constexpr std::array kVerbs = {
    Verb{"list", What::List, EffectKind::Read, Aim::Path},
    Verb{"copy-from", What::CopyFrom, EffectKind::Read, Aim::Path},
    Verb{"copy-to", What::CopyTo, EffectKind::Write, Aim::Path},
    Verb{"argv", What::Argv, EffectKind::Execute, Aim::None},
    Verb{"shell", What::Shell, EffectKind::Execute, Aim::None},
    Verb{"joined", What::Joined, EffectKind::Execute, Aim::None},
    Verb{"cd", What::Directory, EffectKind::Read, Aim::Path},
    Verb{"assign", What::Assign, EffectKind::Env, Aim::None},
    Verb{"host", What::Host, EffectKind::Connect, Aim::Host},
    Verb{"replace", What::Setting, EffectKind::Read, Aim::None},
    Verb{"arguments", What::Arguments, EffectKind::Read, Aim::None},
    Verb{"narrow", What::Narrow, EffectKind::Read, Aim::None},
    Verb{"prints", What::Prints, EffectKind::Read, Aim::Path},
    Verb{"sub", What::Subcommand, EffectKind::Execute, Aim::None},
    Verb{"interactive", What::Effect, EffectKind::Execute, Aim::Unknown,
         "interactive: what is typed into it can start any program"},
    Verb{"read", What::Effect, EffectKind::Read, Aim::Path},
    Verb{"write", What::Effect, EffectKind::Write, Aim::Path},
    Verb{"create", What::Effect, EffectKind::Create, Aim::Path},
    Verb{"delete", What::Effect, EffectKind::Delete, Aim::Path},
    Verb{"rename", What::Effect, EffectKind::Rename, Aim::Path},
    Verb{"chmod", What::Effect, EffectKind::Chmod, Aim::Path},
    Verb{"execute", What::Effect, EffectKind::Execute, Aim::Path},
    Verb{"eval", What::Effect, EffectKind::Eval, Aim::None},
    Verb{"env", What::Effect, EffectKind::Env, Aim::None},
    Verb{"download", What::Effect, EffectKind::Download, Aim::Host},
    Verb{"upload", What::Effect, EffectKind::Upload, Aim::Host},
    Verb{"connect", What::Effect, EffectKind::Connect, Aim::Host},
    Verb{"listen", What::Effect, EffectKind::Listen, Aim::None},
    Verb{"signal", What::Effect, EffectKind::Signal, Aim::Process},
    Verb{"privilege", What::Effect, EffectKind::Privilege, Aim::System},
    Verb{"persist", What::Effect, EffectKind::Persist, Aim::System},
    Verb{"configure", What::Effect, EffectKind::Configure, Aim::System},
    Verb{"identity", What::Effect, EffectKind::Identity, Aim::Account},
    Verb{"publish", What::Effect, EffectKind::Publish, Aim::Service},
    Verb{"deploy", What::Effect, EffectKind::Deploy, Aim::Service},
    Verb{"infra", What::Effect, EffectKind::Infra, Aim::Service},
    Verb{"db_read", What::Effect, EffectKind::DbRead, Aim::Database},
    Verb{"db_write", What::Effect, EffectKind::DbWrite, Aim::Database},
    Verb{"db_schema", What::Effect, EffectKind::DbSchema, Aim::Database},
    Verb{"secret_read", What::Effect, EffectKind::SecretRead, Aim::Path},
    Verb{"unknown", What::Effect, EffectKind::Unknown, Aim::Unknown},
};

struct AimName {
    std::string_view name;
    Aim aim;
};
constexpr std::array kAims = {AimName{"none", Aim::None},         AimName{"path", Aim::Path},
                              AimName{"host", Aim::Host},         AimName{"package", Aim::Package},
                              AimName{"service", Aim::Service},   AimName{"account", Aim::Account},
                              AimName{"database", Aim::Database}, AimName{"process", Aim::Process},
                              AimName{"boot", Aim::Boot},         AimName{"system", Aim::System},
                              AimName{"gateway", Aim::Gateway},   AimName{"unknown", Aim::Unknown}};

struct MarkName {
    std::string_view name;
    std::uint16_t mark;
};
constexpr std::array kMarks = {MarkName{"recursive", catalogue::table::kRecursive},
                               MarkName{"reversible", catalogue::table::kReversible},
                               MarkName{"elevated", catalogue::table::kElevated},
                               MarkName{"elsewhere", catalogue::table::kElsewhere},
                               MarkName{"open", catalogue::table::kOpen},
                               MarkName{"here", catalogue::table::kWorkdir},
                               MarkName{"places", catalogue::table::kPlaces},
                               MarkName{"input", catalogue::table::kFromInput},
                               MarkName{"maybe", catalogue::table::kMaybe}};

std::optional<Problem> parse_verb(const std::string& token, ActSpec& act) {
    const std::size_t colon = token.find(':');
    const std::size_t at_sign = token.find('@');
    if (colon != std::string::npos) {
        const std::string head = token.substr(0, colon);
        if (head != "sql" && head != "program" && head != "flag") {
            return Problem{"only sql:, program: and flag: take a name, not " + head};
        }
        act.what = head == "sql" ? What::Sql : head == "flag" ? What::Flag : What::Program;
        act.kind = EffectKind::Execute;
        act.language = token.substr(colon + 1);
        return std::nullopt;
    }
    const std::string name = token.substr(0, at_sign);
    const auto* verb = std::find_if(kVerbs.begin(), kVerbs.end(),
                                    [&](const Verb& entry) { return entry.name == name; });
    if (verb == kVerbs.end()) {
        return Problem{"no such effect or action: " + name};
    }
    act.what = verb->what;
    act.kind = verb->kind;
    act.aim = verb->aim;
    act.say = verb->say;
    if (at_sign != std::string::npos) {
        const std::string aim = token.substr(at_sign + 1);
        const auto* known = std::find_if(kAims.begin(), kAims.end(),
                                         [&](const AimName& entry) { return entry.name == aim; });
        if (known == kAims.end()) {
            return Problem{"no such target type: " + aim};
        }
        act.aim = known->aim;
    }
    return std::nullopt;
}

/// Reads flag names up to the end of the act; "!x" goes to `refuse`.
void parse_conditions(const std::vector<Token>& tokens, std::size_t& at,
                      std::vector<std::string>& need, std::vector<std::string>& refuse) {
    static constexpr std::array<std::string_view, 8> kEnds = {
        ";", ":", "say", "match", "unmatch", "after", "before", "fixed"};
    for (; at < tokens.size() && !tokens[at].quoted &&
           std::find(kEnds.begin(), kEnds.end(), tokens[at].text) == kEnds.end();
         ++at) {
        const std::string& name = tokens[at].text;
        if (name.starts_with('!')) {
            refuse.push_back(name.substr(1));
        } else {
            need.push_back(name);
        }
    }
}

std::string* text_slot(ActSpec& act, const std::string& word) {
    if (word == "fixed") {
        act.marks |= catalogue::table::kFixed;
        return &act.fixed;
    }
    if (word == "after") {
        return &act.after;
    }
    if (word == "before") {
        return &act.before;
    }
    if (word == "match") {
        return &act.match;
    }
    if (word == "unmatch") {
        return &act.unmatch;
    }
    return word == "say" ? &act.say : nullptr;
}

std::optional<Problem> parse_mark(const std::string& word, ActSpec& act) {
    const std::size_t question = word.find('?');
    const std::string name = word.substr(0, question);
    if (question != std::string::npos) {
        if (name != "recursive" && name != "reversible") {
            return Problem{"only recursive? and reversible? take a flag: " + word};
        }
        auto& list = name == "recursive" ? act.recursive_if : act.reversible_if;
        list.push_back(word.substr(question + 1));
        return std::nullopt;
    }
    for (const MarkName& entry : kMarks) {
        if (entry.name == name) {
            act.marks = static_cast<std::uint16_t>(act.marks | entry.mark);
            return std::nullopt;
        }
    }
    return Problem{"no such word in an act: " + word};
}

Parsed<ActSpec> parse_act(const std::vector<Token>& tokens, std::size_t& at) {
    ActSpec act;
    if (const auto problem = parse_verb(tokens[at].text, act)) {
        return *problem;
    }
    ++at;
    while (at < tokens.size() && tokens[at].text != ";") {
        const std::string word = tokens[at].text;
        ++at;
        if (word == "if") {
            parse_conditions(tokens, at, act.need, act.refuse);
        } else if (std::string* slot = text_slot(act, word)) {
            if (at == tokens.size() || !tokens[at].quoted) {
                return Problem{"'" + word + "' needs a quoted text"};
            }
            *slot = tokens[at].text;
            ++at;
        } else if (const auto problem = parse_mark(word, act)) {
            return *problem;
        }
    }
    return act;
}

bool is_flag_name(std::string_view name) {
    return !name.empty();
}

/// "-o", "--output", "+x" without its leading marks.
std::string bare_name(std::string_view spelling) {
    const std::size_t start = spelling.find_first_not_of("-+");
    return std::string(spelling.substr(start == std::string_view::npos ? 0 : start));
}

/// Takes "=V", "=V,V", "[=V]", "=until" or "=..." off a spelling.
std::optional<Problem> take_value(std::string& spelling, OptionSpec& option) {
    const std::size_t bracket = spelling.find("[=");
    if (bracket != std::string::npos) {
        option.value = spelling.substr(bracket) == "[=DIGITS]" ? Value::Digits : Value::Optional;
        spelling.resize(bracket);
        return std::nullopt;
    }
    const std::size_t equals = spelling.find('=');
    if (equals == std::string::npos) {
        return std::nullopt;
    }
    const std::string value = spelling.substr(equals + 1);
    spelling.resize(equals);
    if (value == "until") {
        option.value = Value::UntilEnd;
    } else if (value == "...") {
        option.value = Value::Rest;
    } else if (value.empty()) {
        return Problem{"a value needs a name: " + spelling + "="};
    } else {
        option.value = Value::Required;
        option.words = static_cast<std::uint8_t>(1 + std::count(value.begin(), value.end(), ','));
    }
    return std::nullopt;
}

/// The part before ":" and the acts after it. A colon inside a spelling has no blanks around.
struct Halves {
    std::string_view head, tail;
};
Halves halves_of(std::string_view text) {
    const std::size_t colon = text.find(" : ");
    if (colon == std::string_view::npos) {
        return {text, {}};
    }
    return {text.substr(0, colon), text.substr(colon + 3)};
}

std::optional<Problem> take_acts(std::string_view text, std::vector<ActSpec>& out) {
    auto acts = parse_acts(text);
    if (const auto* problem = std::get_if<Problem>(&acts)) {
        return *problem;
    }
    out = std::get<std::vector<ActSpec>>(std::move(acts));
    return std::nullopt;
}

struct ManyMark {
    std::string_view suffix;
    Many many;
};
constexpr std::array kManyMarks = {ManyMark{"...", Many::Rest}, ManyMark{"*", Many::Any},
                                   ManyMark{"+", Many::Some}, ManyMark{"?", Many::Maybe}};

}  // namespace

Parsed<std::vector<ActSpec>> parse_acts(std::string_view text) {
    auto split = tokens_of(text);
    if (const auto* problem = std::get_if<Problem>(&split)) {
        return *problem;
    }
    const auto& tokens = std::get<std::vector<Token>>(split);
    std::vector<ActSpec> acts;
    for (std::size_t at = 0; at < tokens.size();) {
        if (tokens[at].text == ";") {
            ++at;
            continue;
        }
        auto act = parse_act(tokens, at);
        if (const auto* problem = std::get_if<Problem>(&act)) {
            return *problem;
        }
        acts.push_back(std::get<ActSpec>(std::move(act)));
    }
    return acts;
}

Parsed<OptionSpec> parse_option(std::string_view text) {
    const Halves halves = halves_of(text);
    OptionSpec option;
    auto split = tokens_of(halves.head);
    if (const auto* problem = std::get_if<Problem>(&split)) {
        return *problem;
    }
    for (Token& token : std::get<std::vector<Token>>(split)) {
        if (token.text.empty()) {
            return Problem{"an empty option"};
        }
        if (token.text == "end") {
            option.ends = true;
            continue;
        }
        if (token.text[0] != '-' && token.text[0] != '+') {
            return Problem{"not an option: " + token.text};
        }
        if (const auto problem = take_value(token.text, option)) {
            return *problem;
        }
        option.spellings.push_back(token.text);
        option.sets.push_back(bare_name(token.text));
    }
    if (option.spellings.empty()) {
        return Problem{"an option without a spelling"};
    }
    if (const auto problem = take_acts(halves.tail, option.acts)) {
        return *problem;
    }
    return option;
}

Parsed<OperandSpec> parse_operand(std::string_view text) {
    const Halves halves = halves_of(text);
    auto split = tokens_of(halves.head);
    if (const auto* problem = std::get_if<Problem>(&split)) {
        return *problem;
    }
    const auto& tokens = std::get<std::vector<Token>>(split);
    if (tokens.empty()) {
        return Problem{"an operand without a name"};
    }
    OperandSpec operand;
    operand.name = tokens[0].text;
    for (const ManyMark& mark : kManyMarks) {
        if (operand.name.ends_with(mark.suffix)) {
            operand.many = mark.many;
            operand.name.resize(operand.name.size() - mark.suffix.size());
            break;
        }
    }
    std::size_t at = 1;
    if (at < tokens.size()) {
        if (tokens[at].text != "if") {
            return Problem{"expected 'if' or ' : ' after " + tokens[0].text};
        }
        ++at;
        parse_conditions(tokens, at, operand.need, operand.refuse);
    }
    if (!is_flag_name(operand.name)) {
        return Problem{"an operand without a name"};
    }
    std::transform(operand.name.begin(), operand.name.end(), operand.name.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    if (const auto problem = take_acts(halves.tail, operand.acts)) {
        return *problem;
    }
    return operand;
}

}  // namespace countersign::tools
