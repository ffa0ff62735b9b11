// Built-in commands that change the shell's state: directory, options, and what they read.
#include "shell/resolver.h"
#include "shell/token.h"

namespace countersign::shell {

namespace {

using Target = model::ResolvedCommand::Target;

/// `path` as cd resolves it without looking at links: absolute, no "." or "..".
std::string normalize(std::string_view base, const std::string& path) {
    std::vector<std::string> parts;
    const std::string whole = path.starts_with('/') ? path : std::string(base) + "/" + path;
    std::size_t at = 0;
    while (at <= whole.size()) {
        const std::size_t slash = std::min(whole.find('/', at), whole.size());
        const std::string part = whole.substr(at, slash - at);
        if (part == "..") {
            if (!parts.empty()) {
                parts.pop_back();
            }
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
        at = slash + 1;
    }
    std::string out;
    for (const std::string& part : parts) {
        out += "/" + part;
    }
    return out.empty() ? "/" : out;
}

/// Options of shopt that change no more than which files a glob matches or what is printed.
constexpr std::string_view kHarmlessOptions[] = {"nullglob",
                                                 "dotglob",
                                                 "globstar",
                                                 "nocaseglob",
                                                 "extglob",
                                                 "checkwinsize",
                                                 "cmdhist",
                                                 "histappend",
                                                 "failglob",
                                                 "inherit_errexit",
                                                 "execfail",
                                                 "huponexit",
                                                 "interactive_comments",
                                                 "progcomp",
                                                 "checkjobs",
                                                 "autocd",
                                                 "lithist"};

/// The letter of a long option of set: '-' for one that changes nothing here, '?' for one that may.
char option_letter(std::string_view name) {
    struct Option {
        std::string_view name;
        char letter;
    };
    static constexpr Option kOptions[] = {
        {"errexit", 'e'},   {"noglob", 'f'},   {"allexport", 'a'}, {"braceexpand", 'B'},
        {"pipefail", '-'},  {"nounset", '-'},  {"xtrace", '-'},    {"verbose", '-'},
        {"noclobber", '-'}, {"errtrace", '-'}, {"functrace", '-'}, {"monitor", '-'},
        {"notify", '-'},    {"nolog", '-'},    {"emacs", '-'},     {"vi", '-'},
        {"hashall", '-'}};
    for (const Option& option : kOptions) {
        if (option.name == name) {
            return option.letter;
        }
    }
    return '?';
}

}  // namespace

void Resolver::change_directory(const model::Word& target, Span span) {
    static_cast<void>(span);
    Core core = state_.core();
    const std::optional<std::string_view> before = core.directory;
    core.directory_if_failed = before;
    if (!target.value || target.glob || target.value->empty() || *target.value == "-") {
        core.directory.reset();
    } else if (target.value->front() == '/') {
        core.directory = arena_.copy(std::string_view(normalize("", *target.value)));
    } else {
        const Variable* search = state_.variable("CDPATH");
        const bool searched =
            search != nullptr && search->assigned && !target.value->starts_with(".");
        core.directory.reset();
        if (before && !searched) {
            core.directory = arena_.copy(std::string_view(normalize(*before, *target.value)));
        }
    }
    state_.set_core(core);
    for (const char* name : {"PWD", "OLDPWD"}) {
        if (const Variable* old = state_.variable(name)) {
            Variable variable = *old;
            variable.value = Value::unknown("set by a change of directory");
            state_.set_variable(name, std::move(variable));
        }
    }
}

Status Resolver::builtin_cd(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    std::size_t first = 1;
    bool physical = false;
    while (first < argv.size() && argv[first].value && argv[first].value->size() > 1 &&
           argv[first].value->starts_with("-")) {
        const std::string option = *argv[first].value;
        ++first;
        if (option == "--") {
            break;
        }
        physical = physical || option.find('P') != std::string::npos;
    }
    model::Word target;
    if (first < argv.size()) {
        target = argv[first];
    } else {
        const Value home = variable_value("HOME");
        target = home.is_text() ? model::Word::literal(home.text)
                                : model::Word::unknown("the home directory is not known");
    }
    if (argv.size() > first + 1 || physical) {
        target = model::Word::unknown("a directory that is not known");
    }
    const bool prints = target.value == std::string("-") || state_.variable("CDPATH") != nullptr;
    change_directory(target, invocation.span);
    if (prints) {
        write_output(invocation, std::nullopt, "output of cd");
    }
    return Status::Unknown;
}

Status Resolver::builtin_pushd(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    const bool plain = argv.size() == 2 && argv[0].value == std::string("pushd") && argv[1].value &&
                       !argv[1].value->starts_with("+") && !argv[1].value->starts_with("-");
    change_directory(plain ? argv[1] : model::Word::unknown("the directory stack"),
                     invocation.span);
    write_output(invocation, std::nullopt, "the directory stack");
    return Status::Unknown;
}

Status Resolver::builtin_pwd(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& directory = state_.core().directory;
    const bool known = directory && invocation.argv.size() == 1;
    write_output(invocation, known ? std::optional(std::string(*directory) + "\n") : std::nullopt,
                 "the working directory is not known");
    return Status::Unknown;
}

/// The options of read: which letters, and where the names begin. nullopt: not known.
std::optional<Resolver::ReadOptions> Resolver::read_options(const std::vector<model::Word>& argv) {
    ReadOptions out;
    for (const model::Word& word : argv) {
        if (!word.value || word.glob) {
            return std::nullopt;
        }
    }
    for (out.names_begin = 1; out.names_begin < argv.size(); ++out.names_begin) {
        const std::string& text = *argv[out.names_begin].value;
        if (text.size() < 2 || text[0] != '-') {
            return out;
        }
        if (text == "--") {
            ++out.names_begin;
            return out;
        }
        for (std::size_t i = 1; i < text.size(); ++i) {
            out.letters += text[i];
            if (std::string_view("adinNptu").find(text[i]) == std::string_view::npos) {
                continue;
            }
            const bool attached = i + 1 < text.size();
            if (!attached && out.names_begin + 1 >= argv.size()) {
                return std::nullopt;
            }
            const std::string value =
                attached ? text.substr(i + 1) : *argv[++out.names_begin].value;
            if (text[i] == 'a') {
                out.array = value;
            }
            break;
        }
    }
    return out;
}

Status Resolver::builtin_read(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    const auto options = read_options(argv);
    if (!options) {
        incomplete(invocation.span, "a variable whose name is not known");
        return Status::Unknown;
    }
    std::vector<std::string> names;
    for (std::size_t i = options->names_begin; i < argv.size(); ++i) {
        names.push_back(*argv[i].value);
    }
    if (options->array) {
        names.push_back(*options->array);
    }
    std::optional<std::string> line;
    if (names.size() == 1 && options->letters == "r" && invocation.assignments.empty()) {
        line = line_of_own_text(invocation);
    }
    if (names.empty()) {
        names.emplace_back("REPLY");
    }
    for (const std::string& name : names) {
        if (!is_name(name)) {
            incomplete(invocation.span, "read into an array element");
            return Status::Unknown;
        }
        const Variable* old = state_.variable(name);
        if (options->array == name || (old != nullptr && old->array)) {
            Variable variable = old != nullptr ? *old : Variable{};
            variable.array = true;
            variable.elements.clear();
            variable.elements_known = false;
            variable.assigned = true;
            if (variable.integer) {
                incomplete(invocation.span, "arithmetic on a value that is not known");
            }
            note_special_variable(name, Value::unknown("read from its input"), invocation.span);
            state_.set_variable(name, variable);
            continue;
        }
        assign(name, line ? Value::known(*line) : Value::unknown("read from its input"), false,
               invocation.span);
    }
    return Status::Unknown;
}

/// The first line of a here-document or here-string of the command itself, where reading it as it
/// stands is certain.
std::optional<std::string> Resolver::line_of_own_text(const Invocation& invocation) const {
    if (invocation.redirections.empty()) {
        return std::nullopt;
    }
    const model::Redirection& last = invocation.redirections.back();
    const Variable* separators = state_.variable("IFS");
    if (last.kind != model::Redirection::Kind::HereText || last.descriptor != 0 ||
        !last.target.value || separators == nullptr ||
        !(separators->value == Value::known(" \t\n"))) {
        return std::nullopt;
    }
    const std::string line = last.target.value->substr(0, last.target.value->find('\n'));
    return line.find_first_of(" \t") == std::string::npos ? std::optional(line) : std::nullopt;
}

Status Resolver::builtin_mapfile(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    std::set<std::string> names{"MAPFILE"};
    for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        if (!word.value || word.glob ||
            (word.value->starts_with("-") && word.value->find('C') != std::string::npos)) {
            incomplete(invocation.span,
                       "mapfile may run a command for its lines, or set a variable "
                       "that is not known");
        }
        names.insert(word.value.value_or(""));
    }
    for (const std::string& name : names) {
        if (!is_name(name)) {
            continue;  // an option, its value, or refused
        }
        Variable variable;
        variable.array = true;
        variable.assigned = true;
        variable.elements_known = false;
        state_.set_variable(name, variable);
        note_special_variable(name, Value::unknown("lines of its input"), invocation.span);
    }
    return Status::Unknown;
}

Status Resolver::builtin_getopts(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    if (invocation.argv.size() > 2) {
        const std::string name = invocation.argv[2].value.value_or("");
        if (!is_name(name)) {
            incomplete(invocation.span, "getopts into a name that is not known");
            return Status::Unknown;
        }
        assign(name, Value::unknown("an option letter"), false, invocation.span);
    }
    assign("OPTARG", Value::unknown("an option's argument"), false, invocation.span);
    return Status::Unknown;
}

Status Resolver::builtin_wait(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
        const auto& value = invocation.argv[i].value;
        if (value && value->starts_with("-") && value->find('p') != std::string::npos) {
            incomplete(invocation.span, "wait -p assigns a variable");
        }
    }
    return Status::Unknown;
}

void Resolver::set_option(Core& core, char letter, bool on, Span span) {
    switch (letter) {
        case 'e':
            core.stop_on_error = on && !flow_.conditional;
            return;
        case 'f':
            core.no_globs = on;
            return;
        case 'a':
            core.exports_all = on;
            return;
        case 'B':
            if (on) {
                return;
            }
            break;
        case 'k':
        case 'H':
        case 'P':
        case 'n':
        case 'r':
        case '?':
            break;
        default:
            return;
    }
    incomplete(span, "an option that changes how bash reads what follows");
}

Status Resolver::builtin_set(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    Core core = state_.core();
    std::size_t i = 1;
    bool arguments = false;
    for (; i < argv.size(); ++i) {
        if (!argv[i].value || argv[i].glob) {
            incomplete(argv[i].span, "options of the shell that are not known");
            break;
        }
        const std::string& text = *argv[i].value;
        if (text == "--" || text == "-") {
            arguments = text == "--" || i + 1 < argv.size();
            ++i;
            break;
        }
        if (text.size() < 2 || (text[0] != '-' && text[0] != '+')) {
            arguments = true;
            break;
        }
        std::string letters = text.substr(1);
        // Each "o" takes the next word as the long name of an option.
        for (std::size_t at = letters.find('o'); at != std::string::npos && i + 1 < argv.size();
             at = letters.find('o', at)) {
            letters[at] = option_letter(argv[++i].value.value_or("?"));
            at += letters[at] == 'o' ? 1U : 0U;
        }
        for (const char letter : letters) {
            set_option(core, letter, text[0] == '-', argv[i].span);
        }
    }
    if (arguments) {
        std::vector<Value> values;
        core.positional_known = true;
        for (; i < argv.size(); ++i) {
            core.positional_known =
                core.positional_known && !argv[i].glob && !(argv[i].splits && !argv[i].value);
            values.push_back(to_value(argv[i]));
        }
        core.positional = keep(std::move(values));
    }
    state_.set_core(core);
    if (argv.size() == 1 || argv.back().value == std::string("-o") ||
        argv.back().value == std::string("+o")) {
        write_output(invocation, std::nullopt, "a listing of variables or options");
    }
    return Status::Unknown;
}

Status Resolver::builtin_shopt(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    bool sets = false;
    for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        const std::string text = word.value.value_or("?");
        if (text.starts_with("-")) {
            sets = sets || text.find_first_of("suo") != std::string::npos;
            continue;
        }
        bool harmless = false;
        for (const std::string_view option : kHarmlessOptions) {
            harmless = harmless || option == text;
        }
        // An option that the text does not spell out: what follows was read without it.
        if (sets && (!harmless || (text == "extglob" && !extended_globs_))) {
            incomplete(word.span, "shopt " + text + " changes how bash reads what follows");
        }
    }
    write_output(invocation, std::nullopt, "a listing of options");
    return Status::Unknown;
}

}  // namespace countersign::shell
