#include "cli/help.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "cli/paint.h"
#include "cli/parse.h"

namespace countersign::cli {
namespace {

constexpr std::array<std::string_view, 6> kGroupTitles = {
    "Run agents",           "Ask without running",   "Decide held actions",
    "Rules and discipline", "Evidence and incident", "This machine"};

constexpr std::string_view kPurpose =
    "Countersign decides each action of an AI agent before it happens, by what it would do, and "
    "records the decision.";

/// Help is prose: also on a pipe its lines stay short.
Look readable(Look look) {
    constexpr int kWidest = 100;
    constexpr int kPipe = 80;
    look.width = look.width <= 0 ? kPipe : std::min(look.width, kWidest);
    return look;
}

std::string_view title(Group group) {
    return kGroupTitles[static_cast<std::size_t>(group)];
}

std::string flag_words(const Flag& flag) {
    return "--" + std::string(flag.name) +
           (flag.value.empty() ? "" : " " + std::string(flag.value));
}

std::string flag_help(const Flag& flag) {
    std::string help(flag.help);
    if (!flag.choices.empty()) {
        help += ": " + std::string(flag.choices);
    }
    return help;
}

/// Paragraphs of a table row, each wrapped.
std::string paragraphs(const Look& look, std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto gap = text.find("\n\n");
        out += wrap(look, text.substr(0, gap), 0) + "\n\n";
        text.remove_prefix(gap == std::string_view::npos ? text.size() : gap + 2);
    }
    return out;
}

std::string entry(const Look& look, const std::string& left, std::string_view right,
                  std::size_t column) {
    std::string line = "  " + pad(left, column);
    if (columns_of(left) >= column) {
        line += "\n  " + std::string(column, ' ');
    }
    return line + wrap(look, right, column + 2) + "\n";
}

/// Text for man(7): backslashes, leading dots and dashes have meanings there.
std::string roff(std::string_view text) {
    std::string out;
    bool line_start = true;
    for (const char c : text) {
        if (line_start && (c == '.' || c == '\'')) {
            out += "\\&";
        }
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else {
            out.push_back(c);
        }
        line_start = c == '\n';
    }
    return out;
}

std::string manual_entry(const Command& command) {
    std::string out = ".SS " + roff(command.name) + "\n.B " + roff(usage_line(command)) + "\n.PP\n";
    std::string summary(command.summary);
    summary[0] = static_cast<char>(summary[0] - (summary[0] >= 'a' && summary[0] <= 'z' ? 32 : 0));
    out += roff(summary) + ".\n";
    std::string_view about = command.about;
    while (!about.empty()) {
        const auto gap = about.find("\n\n");
        out += ".PP\n" + roff(about.substr(0, gap)) + "\n";
        about.remove_prefix(gap == std::string_view::npos ? about.size() : gap + 2);
    }
    for (const Operand& operand : command.operands) {
        if (!operand.help.empty()) {
            out += ".TP\n.I " + roff(operand.name) + "\n" + roff(operand.help) + "\n";
        }
    }
    for (const Flag& flag : command.flags) {
        out += ".TP\n.B " + roff(flag_words(flag)) + "\n" + roff(flag_help(flag)) + "\n";
    }
    if (!command.exits.empty()) {
        out += ".PP\nExit status: " + roff(command.exits) + ".\n";
    }
    return out + ".PP\nExample:\n.RS\n.EX\n" + roff(command.example) + "\n.EE\n.RE\n";
}

constexpr std::string_view kManualEnd = R"(.SH EXIT STATUS
0 success, 1 failure, 2 usage error, unless a command says otherwise.
.SH ENVIRONMENT
.TP
.B COUNTERSIGN_SOCKET, COUNTERSIGN_SESSION
Socket and session token of an agent; set by
.BR "countersign run" .
No environment variable weakens a decision.
.TP
.B NO_COLOR
When set and not empty, no colours.
.TP
.B XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR
Where the files below are.
.SH FILES
.TP
.I $XDG_CONFIG_HOME/countersign/
Policies and approvers' keys (keys/NAME, keys/NAME.pub).
.TP
.I $XDG_STATE_HOME/countersign/
Store, log and keys of the gateway, mode 0700.
.TP
.I $XDG_RUNTIME_DIR/countersign/agent.sock, operator.sock
The gateway's two listeners.
.SH SEE ALSO
.BR ssh\-keygen (1)
verifies votes;
.BR bash (1).
)";

/// First word -> its second words, in table order; verbs of one word have none.
std::vector<std::pair<std::string, std::string>> word_tree() {
    std::vector<std::pair<std::string, std::string>> tree;
    for (const Command& command : commands()) {
        const auto space = command.name.find(' ');
        const std::string first(command.name.substr(0, space));
        const std::string second(space == std::string_view::npos ? ""
                                                                 : command.name.substr(space + 1));
        if (tree.empty() || tree.back().first != first) {
            tree.emplace_back(first, second);
        } else {
            tree.back().second += " " + second;
        }
    }
    return tree;
}

std::string flag_list(const Command& command) {
    std::string out = "--help";
    for (const Flag& flag : command.flags) {
        out += " --" + std::string(flag.name);
    }
    return out;
}

}  // namespace

std::string overview(const Look& stream) {
    const Look look = readable(stream);
    std::string out = wrap(look, kPurpose, 0) + "\n\n";
    const Command* before = nullptr;
    for (const Command& command : commands()) {
        if (before == nullptr || before->group != command.group) {
            out += (before == nullptr ? "" : "\n") + paint(look, Tone::Bold, title(command.group)) +
                   "\n";
        }
        out += entry(look, std::string(command.name), command.summary, 19);
        before = &command;
    }
    return out + "\n" +
           wrap(look,
                "Everything about one verb: countersign help VERB. Start with: "
                "countersign doctor, countersign run -- YOUR-AGENT",
                0) +
           "\n";
}

std::string command_help(const Look& stream, const Command& command) {
    const Look look = readable(stream);
    std::string out = "countersign " + std::string(command.name) + ": " +
                      std::string(command.summary) + "\n\n" + paint(look, Tone::Bold, "Usage") +
                      "\n  " + wrap(look, usage_line(command), 4) + "\n\n" +
                      paragraphs(look, command.about);
    if (!command.operands.empty()) {
        out += paint(look, Tone::Bold, "Operands") + "\n";
        for (const Operand& operand : command.operands) {
            out += entry(look, std::string(operand.name), operand.help, 22);
        }
        out += "\n";
    }
    if (!command.flags.empty()) {
        out += paint(look, Tone::Bold, "Flags") + "\n";
        for (const Flag& flag : command.flags) {
            out += entry(look, flag_words(flag), flag_help(flag), 22);
        }
        out += "\n";
    }
    if (!command.exits.empty()) {
        out +=
            paint(look, Tone::Bold, "Exit status") + "\n  " + std::string(command.exits) + "\n\n";
    }
    return out + paint(look, Tone::Bold, "Example") + "\n  " + std::string(command.example) + "\n";
}

std::string manual_page() {
    std::string out =
        ".TH COUNTERSIGN 1 \"\" \"countersign " + std::string(kVersion) +
        "\" \"User Commands\"\n.SH NAME\ncountersign \\- zero\\-trust gate for the "
        "actions of AI agents\n.SH SYNOPSIS\n.B countersign\n.I VERB\n[\\fIWORD\\fR...]\n"
        ".SH DESCRIPTION\n" +
        roff(kPurpose) + "\n";
    const Command* before = nullptr;
    for (const Command& command : commands()) {
        if (before == nullptr || before->group != command.group) {
            std::string heading(title(command.group));
            for (char& c : heading) {
                c = static_cast<char>(c - (c >= 'a' && c <= 'z' ? 32 : 0));
            }
            out += ".SH " + heading + "\n";
        }
        out += manual_entry(command);
        before = &command;
    }
    return out + std::string(kManualEnd);
}

std::string bash_completion() {
    std::string firsts;
    std::string seconds;
    std::string flags;
    std::string choices;
    for (const auto& [first, second] : word_tree()) {
        firsts += (firsts.empty() ? "" : " ") + first;
        if (!second.empty()) {
            seconds += "        '" + first + "') words='" + second + "' ;;\n";
        }
    }
    for (const Command& command : commands()) {
        const std::string name(command.name);
        flags += "        '" + name + "') words='" + flag_list(command) + "' ;;\n";
        for (const Flag& flag : command.flags) {
            if (!flag.choices.empty()) {
                choices += "        '" + name + " --" + std::string(flag.name) + "') words='" +
                           std::string(flag.choices) + "' ;;\n";
            }
        }
    }
    return "# bash completion for countersign, printed by `countersign help --completion bash`.\n"
           "_countersign() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local one=${COMP_WORDS[1]} two=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" words=''\n"
           "    COMPREPLY=()\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        COMPREPLY=($(compgen -W '" +
           firsts +
           "' -- \"$current\"))\n"
           "        return\n    fi\n"
           "    if [[ $current != -* ]] && ((COMP_CWORD == 2)); then\n"
           "        case $one in\n" +
           seconds +
           "        esac\n    fi\n"
           "    if [[ $current == -* ]]; then\n"
           "        case $one in\n" +
           flags +
           "        esac\n"
           "        case $two in\n" +
           flags +
           "        esac\n    fi\n"
           "    case \"$one $before\" in\n" +
           choices +
           "    esac\n"
           "    case \"$two $before\" in\n" +
           choices +
           "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "}\n"
           "complete -o default -F _countersign countersign\n";
}

}  // namespace countersign::cli
