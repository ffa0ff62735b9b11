#include "model/rule.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "text/glob.h"
#include "text/utf8.h"

namespace countersign::model {
namespace {

constexpr std::string_view kBuiltinPrefix = "builtin/";

Error invalid(std::string_view why) {
    return {ErrorCode::InvalidArgument, "rule " + std::string(why)};
}

bool is_wild(std::string_view word) {
    return word == "*" || word == "**";
}

// Programs whose argument is a program of its own. An Allow rule that leaves that argument open
// would allow everything ("always allow python3 -c *"). The shells' inner text is judged command by
// command, yet an open one would still be remembered as allowed by people who read the list.
constexpr std::array<std::string_view, 26> kInterpreters = {
    "awk",  "bash", "bun",    "busybox", "dash",    "deno", "env",  "eval",   "expect",
    "fish", "gawk", "irb",    "ksh",     "lua",     "mawk", "node", "nodejs", "osascript",
    "perl", "php",  "python", "python2", "python3", "ruby", "sh",   "zsh"};

bool is_interpreter(std::string_view program) {
    const std::size_t slash = program.rfind('/');
    const std::string_view name =
        slash == std::string_view::npos ? program : program.substr(slash + 1);
    const auto stands = [&](std::string_view known) {
        // "python3.11" is python3 as well.
        return name == known ||
               (name.size() > known.size() && name.starts_with(known) &&
                name.find_first_not_of("0123456789.", known.size()) == std::string_view::npos);
    };
    return std::any_of(kInterpreters.begin(), kInterpreters.end(), stands);
}

// `python3`, `bash -s x` and `python3 - x` run what comes on their standard input.
bool names_what_it_runs(const Rule& rule) {
    bool operand = false;
    for (std::size_t i = 1; i < rule.words.size(); ++i) {
        const std::string& word = rule.words[i];
        if (word == "-" || word == "-s" || word == "/dev/stdin") {
            return false;
        }
        operand = operand || !word.starts_with("-");
    }
    return operand ||
           std::find(rule.words.begin(), rule.words.end(), "--version") != rule.words.end();
}

// Whether an interpreter could be given any program at all. People's rules name it word by word; a
// policy file, which is reviewed, may say "python3 **.py **": a script with some name, since the
// tier bounds where it stands. Program text on the command line stays closed to both.
bool leaves_program_open(const Rule& rule, bool reviewed) {
    constexpr std::array<std::string_view, 6> kInline = {"-c", "-e", "--eval",
                                                         "-r", "-p", "--print"};
    bool wild = false;
    bool inline_text = false;
    for (std::size_t i = 1; i < rule.words.size(); ++i) {
        const std::string& word = rule.words[i];
        wild = wild || is_wild(word) || text::has_glob(word);
        inline_text =
            inline_text || std::find(kInline.begin(), kInline.end(), word) != kInline.end();
    }
    const bool open_start = rule.words.size() > 1 && is_wild(rule.words[1]);
    return wild && (!reviewed || inline_text || open_start);
}

// For an Allow rule of people: it must say more than the program's name, and must not leave an
// interpreter's program open.
Result<void> check_narrow(const Rule& rule) {
    const std::string& program = rule.words.front();
    const bool reviewed = rule.id.starts_with(kBuiltinPrefix);
    // A policy file may mean the programs below the working directory ("./*"): a rule with stars
    // never speaks for running a file outside the workspace.
    if (text::has_glob(program) && !(reviewed && program.starts_with("./"))) {
        return invalid("that allows must name its program without * ? or [");
    }
    const auto rest = rule.words.begin() + 1;
    if (is_interpreter(program) && leaves_program_open(rule, reviewed)) {
        return invalid("would allow any program of the interpreter \"" + program +
                       "\": name the script or text word by word");
    }
    if (is_interpreter(program) && !names_what_it_runs(rule)) {
        return invalid("would allow whatever is fed to the interpreter \"" + program +
                       "\": name the script that it runs");
    }
    const bool names_only_the_program =
        rule.words.size() > 1 && std::all_of(rest, rule.words.end(), is_wild);
    if (names_only_the_program && !reviewed) {
        return invalid("names nothing but the program \"" + program +
                       "\": add the subcommand or option that it is for");
    }
    return {};
}

Result<void> check_words(const Rule& rule) {
    if (!rule.pattern.empty()) {
        return invalid("of kind argv has words, not a pattern");
    }
    if (rule.words.empty() || rule.words.front().empty()) {
        return invalid("of kind argv must name a program");
    }
    if (rule.words.size() > limits::kPatternWordsMax) {
        return Error(ErrorCode::LimitExceeded, "rule has too many words");
    }
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < rule.words.size(); ++i) {
        const std::string& word = rule.words[i];
        bytes += word.size();
        if (word == "**" && i + 1 != rule.words.size()) {
            return invalid("has \"**\" before its last word");
        }
        if (word.find('\0') != std::string::npos || !text::glob_valid(word)) {
            return invalid("has the malformed word \"" + text::visible(word, 256) + "\"");
        }
    }
    if (bytes > limits::kPatternBytesMax) {
        return Error(ErrorCode::LimitExceeded, "rule pattern is too long");
    }
    return rule.verb == RuleVerb::Allow ? check_narrow(rule) : Result<void>();
}

bool matches_everything(std::string_view glob) {
    return glob.find_first_not_of("*?") == std::string_view::npos;
}

Result<void> check_pattern(const Rule& rule) {
    if (!rule.words.empty()) {
        return invalid("has words, but is not of kind argv");
    }
    if (rule.pattern.empty()) {
        return invalid("has an empty pattern");
    }
    if (rule.pattern.size() > limits::kPatternBytesMax) {
        return Error(ErrorCode::LimitExceeded, "rule pattern is too long");
    }
    if (rule.pattern.find('\0') != std::string::npos || text::invalid_utf8_at(rule.pattern)) {
        return invalid("has a pattern that is not text");
    }
    if (rule.pattern_kind == PatternKind::Glob && !text::glob_valid(rule.pattern)) {
        return invalid("has a malformed glob");
    }
    const bool open = rule.pattern_kind == PatternKind::Glob && matches_everything(rule.pattern);
    if (rule.verb == RuleVerb::Allow && open) {
        return invalid("would allow every text");
    }
    return {};
}

Result<void> check_scope(const RuleScope& scope) {
    if (scope.agent_types.size() > limits::kScopeEntriesMax ||
        scope.kinds.size() > kActionKindNames.size()) {
        return Error(ErrorCode::LimitExceeded, "rule scope is too long");
    }
    for (const std::string& type : scope.agent_types) {
        if (type.empty() || type.size() > limits::kNameBytesMax) {
            return invalid("scope has an empty or overlong agent type");
        }
    }
    for (const ActionKind kind : scope.kinds) {
        if (static_cast<std::size_t>(kind) >= kActionKindNames.size()) {
            return invalid("scope has an unknown kind of action");
        }
    }
    if (!scope.workspace.empty() &&
        (scope.workspace.front() != '/' || scope.workspace.size() > limits::kPathBytesMax ||
         !text::glob_valid(scope.workspace))) {
        return invalid("scope must name the workspace by an absolute path or glob");
    }
    return {};
}

bool is_id(std::string_view id) {
    constexpr std::size_t kHexDigits = 12;
    if (id.starts_with(kBuiltinPrefix)) {
        return id.size() > kBuiltinPrefix.size() &&
               id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_./") ==
                   std::string_view::npos;
    }
    return id.size() == 2 + kHexDigits && id.starts_with("r-") &&
           id.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
}

std::string quoted(const std::string& word) {
    if (!word.empty() && word.find_first_of(" \t\n'\"") == std::string::npos) {
        return word;
    }
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

}  // namespace

Result<void> validate(const Rule& rule) {
    if (!is_id(rule.id)) {
        return invalid("id must be r- and 12 hexadecimal digits, or builtin/ and a name");
    }
    if (rule.owner.size() > limits::kNameBytesMax ||
        rule.reason.size() > limits::kCommentBytesMax) {
        return Error(ErrorCode::LimitExceeded, "rule owner or reason is too long");
    }
    // Two people for what cannot be undone: no rule may stand in for them.
    if (rule.verb == RuleVerb::Allow && rule.tier > Tier::SideEffect) {
        return invalid("may allow up to side_effect only");
    }
    if (rule.uses < 0) {
        return invalid("has a negative use count");
    }
    TRY(check_scope(rule.scope));
    return rule.pattern_kind == PatternKind::Argv ? check_words(rule) : check_pattern(rule);
}

std::string pattern_text(const Rule& rule) {
    if (rule.pattern_kind != PatternKind::Argv) {
        return rule.pattern;
    }
    std::string out;
    for (const std::string& word : rule.words) {
        if (!out.empty()) {
            out += ' ';
        }
        out += quoted(word);
    }
    return out;
}

Result<std::vector<std::string>> words_from_pattern(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool open = false;     // inside quotes
    bool started = false;  // a word has begun, if only by quotes
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\'') {
            open = !open;
            started = true;
        } else if (!open && c == '\\' && text.substr(i, 2) == "\\'") {
            word += '\'';
            started = true;
            ++i;
        } else if (!open && (c == ' ' || c == '\t')) {
            if (started) {
                words.push_back(std::move(word));
            }
            word.clear();
            started = false;
        } else {
            word += c;
            started = true;
        }
    }
    if (open) {
        return Error(ErrorCode::InvalidArgument, "pattern has an unclosed quote");
    }
    if (started) {
        words.push_back(std::move(word));
    }
    if (words.empty()) {
        return Error(ErrorCode::InvalidArgument, "pattern has no words");
    }
    return words;
}

}  // namespace countersign::model
