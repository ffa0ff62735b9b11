// Built-in commands that change the shell's state: directory, variables, options.
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

using Target = model::ResolvedCommand::Target;

bool is_name(std::string_view text) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) {
        return false;
    }
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(c >= '0' && c <= '9')) {
            return false;
        }
    }
    return true;
}

/// `path` as cd resolves it without looking at links: absolute, no "." or "..".
std::string normalize(const std::string& base, const std::string& path) {
    std::vector<std::string> parts;
    const std::string whole = path.starts_with('/') ? path : base + "/" + path;
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
constexpr std::string_view kHarmlessOptions[] = {
    "nullglob",        "dotglob",      "globstar",  "nocaseglob",           "globasciiranges",
    "extglob",         "checkwinsize", "cmdhist",   "histappend",           "failglob",
    "inherit_errexit", "execfail",     "huponexit", "interactive_comments", "progcomp",
    "checkjobs",       "autocd",       "lithist"};

}  // namespace

void Resolver::change_directory(const model::Word& target, Span span) {
    static_cast<void>(span);
    Core core = state_.core();
    const std::optional<std::string> before = core.directory;
    core.directory_if_failed = before;
    if (!target.value || target.glob || target.value->empty() || *target.value == "-") {
        core.directory.reset();
    } else if (target.value->front() == '/') {
        core.directory = normalize("", *target.value);
    } else {
        const Variable* search = state_.variable("CDPATH");
        const bool searched =
            search != nullptr && search->assigned && !target.value->starts_with(".");
        core.directory =
            before && !searched ? std::optional(normalize(*before, *target.value)) : std::nullopt;
    }
    if (core.directory == core.directory_if_failed && !core.directory) {
        core.directory_if_failed.reset();
    }
    state_.set_core(core);
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
    write_output(invocation, known ? std::optional(*directory + "\n") : std::nullopt,
                 "the working directory is not known");
    return Status::Unknown;
}

void Resolver::make_local(const std::string& name) {
    if (calls_.empty()) {
        return;
    }
    const Variable* old = state_.variable(name);
    calls_.back().locals.emplace_back(name, old ? std::optional(*old) : std::nullopt);
}

std::string Resolver::declared_flags(const Invocation& invocation, std::size_t& first) {
    std::string flags;
    const auto& argv = invocation.argv;
    while (first < argv.size() && argv[first].value && argv[first].value->size() > 1 &&
           (argv[first].value->starts_with("-") || argv[first].value->starts_with("+"))) {
        const std::string option = *argv[first].value;
        ++first;
        if (option == "--") {
            break;
        }
        if (option[0] == '-') {
            flags += option.substr(1);
        } else {
            flags += '+';
        }
    }
    return flags;
}

Status Resolver::builtin_declare(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    std::size_t first = 1;
    const std::string command = *invocation.argv.front().value;
    std::string flags = declared_flags(invocation, first);
    if (command == "export") {
        flags += 'x';
    } else if (command == "readonly") {
        flags += 'r';
    }
    const bool functions = flags.find_first_of("fF") != std::string::npos;
    if (first >= invocation.argv.size() || flags.find('p') != std::string::npos || functions) {
        if (functions && flags.find('x') != std::string::npos) {
            incomplete(invocation.span, "functions exported to the shells that are started");
        }
        write_output(invocation, std::nullopt, "a listing of variables");
        return Status::Unknown;
    }
    if (flags.find('n') != std::string::npos && command != "export") {
        incomplete(invocation.span, "a name reference");
    }
    const bool local = command == "local" || ((command == "declare" || command == "typeset") &&
                                              flags.find('g') == std::string::npos);
    if (command == "local" && calls_.empty()) {
        return Status::Failure;  // bash refuses it outside of a function
    }
    // Compound values are only in the written words.
    std::vector<const Word*> compound;
    for (const Word& word : invocation.words) {
        if (word.is_assignment()) {
            compound.push_back(&word);
        }
    }
    for (std::size_t i = first; i < invocation.argv.size(); ++i) {
        declare_one(invocation.argv[i],
                    {flags, local && !calls_.empty(), local, command == "export"}, compound);
    }
    return Status::Unknown;
}

/// One word of a declaration: NAME, NAME=VALUE or a compound value of the written words.
void Resolver::declare_one(const model::Word& word, const Declaration& how,
                           const std::vector<const Word*>& compound) {
    const std::string& flags = how.flags;
    const bool local = how.local;
    const std::string text = word.value ? *word.value : word.known_prefix;
    const std::size_t equals = text.find('=');
    const bool append = equals != std::string::npos && equals > 0 && text[equals - 1] == '+';
    const std::string name =
        text.substr(0, equals == std::string::npos ? equals : equals - (append ? 1U : 0U));
    if (!is_name(name) || (!word.value && equals == std::string::npos)) {
        incomplete(word.span, "a declaration of a name that is not known");
        return;
    }
    if (local) {
        make_local(name);
    }
    const Variable* old = state_.variable(name);
    Variable variable = old != nullptr && !how.in_function ? *old : Variable{};
    variable.integer = variable.integer || flags.find('i') != std::string::npos;
    variable.recased = variable.recased || flags.find_first_of("luc") != std::string::npos;
    variable.nameref = variable.nameref || (flags.find('n') != std::string::npos && !how.exports);
    const bool becomes_array = flags.find_first_of("aA") != std::string::npos;
    if (becomes_array && !variable.array) {
        variable.array = true;
        variable.associative = flags.find('A') != std::string::npos;
        variable.elements_known = !variable.associative && variable.value.is_known();
    }
    if (old == nullptr && equals == std::string::npos && !how.in_function && !becomes_array) {
        variable.value = Value::unknown("variable " + name + " is not assigned in this text");
    }
    variable.assigned = variable.assigned || equals != std::string::npos || local;
    variable.exported = variable.exported || flags.find('x') != std::string::npos;
    state_.set_variable(name, variable);
    if (equals == std::string::npos) {
        return;
    }
    const Word* written = nullptr;
    for (const Word* candidate : compound) {
        if (candidate->assignment->name == name && place(candidate->span) == word.span) {
            written = candidate;
        }
    }
    if (written != nullptr && written->assignment->compound) {
        assign_array(*written->assignment, word.span);
    } else if (written != nullptr && written->assignment->subscript != nullptr) {
        assign_element(*written->assignment, to_value(expand_single(*written)), word.span);
    } else {
        Value value = to_value(word);
        value.text = value.text.size() > equals ? value.text.substr(equals + 1) : "";
        assign(name, value, append, word.span);
    }
    if (flags.find('r') != std::string::npos) {
        Variable readonly = *state_.variable(name);
        readonly.readonly = true;
        state_.set_variable(name, readonly);
    }
}

bool Resolver::check_names(const Invocation& invocation, std::size_t first) {
    bool known = true;
    for (std::size_t i = first; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        if (!word.value || word.glob || !is_name(*word.value)) {
            incomplete(word.span, "a variable whose name is not known, or an array element");
            known = false;
        }
    }
    return known;
}

Status Resolver::builtin_unset(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    std::size_t first = 1;
    const std::string flags = declared_flags(invocation, first);
    if (flags.find('n') != std::string::npos) {
        incomplete(invocation.span, "a name reference");
    }
    for (std::size_t i = first; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        const std::string name = word.value.value_or("");
        if (flags.find('f') == std::string::npos && !is_name(name)) {
            if (state_.function(name) == nullptr) {
                incomplete(word.span, "unset of a name that is not known, or of an element");
                continue;
            }
        }
        if (flags.find('f') != std::string::npos ||
            (state_.variable(name) == nullptr && state_.function(name) != nullptr)) {
            if (!word.value) {
                incomplete(word.span, "unset of a function that is not known");
            }
            state_.remove_function(name);
            continue;
        }
        state_.forget_variable(name);
    }
    return Status::Unknown;
}

Status Resolver::builtin_read(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    std::vector<std::string> names;
    bool raw = false;
    bool plain = true;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string text = argv[i].value.value_or("");
        if (!argv[i].value || argv[i].glob) {
            incomplete(argv[i].span, "a variable whose name is not known");
            return Status::Unknown;
        }
        if (names.empty() && text.size() > 1 && text[0] == '-') {
            raw = raw || text.find('r') != std::string::npos;
            plain = plain && text.find_first_not_of("rs", 1) == std::string::npos;
            if (std::string_view("adinNptu").find(text.back()) != std::string_view::npos) {
                if (text.back() == 'a' && i + 1 < argv.size() && argv[i + 1].value) {
                    names.push_back(*argv[i + 1].value);
                }
                ++i;
            }
            continue;
        }
        names.push_back(text);
    }
    if (names.empty()) {
        names.emplace_back("REPLY");
        plain = false;
    }
    for (const std::string& name : names) {
        if (!is_name(name)) {
            incomplete(invocation.span, "read into an array element");
            return Status::Unknown;
        }
        const bool own_text =
            !invocation.redirections.empty() &&
            invocation.redirections.back().kind == model::Redirection::Kind::HereText &&
            invocation.redirections.back().descriptor == 0;
        std::string line;
        bool known = plain && raw && names.size() == 1 && own_text &&
                     invocation.redirections.back().target.value.has_value();
        if (known) {
            line = *invocation.redirections.back().target.value;
            line = line.substr(0, line.find('\n'));
            known =
                line.find_first_of(" \t") == std::string::npos && invocation.assignments.empty();
            const Variable* separators = state_.variable("IFS");
            known = known && separators != nullptr && separators->value.text == " \t\n";
        }
        const Variable* old = state_.variable(name);
        if (old != nullptr && (old->array || invocation.argv.size() > 2)) {
            Variable variable = *old;
            variable.elements.clear();
            variable.elements_known = false;
            variable.value = Value::unknown("read from its input");
            variable.assigned = true;
            if (variable.integer) {
                incomplete(invocation.span, "arithmetic on a value that is not known");
            }
            if (variable.array) {
                state_.set_variable(name, variable);
                continue;
            }
        }
        assign(name, known ? Value::known(line) : Value::unknown("read from its input"), false,
               invocation.span);
    }
    return Status::Unknown;
}

Status Resolver::builtin_mapfile(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    std::string name = "MAPFILE";
    for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
        const std::string text = invocation.argv[i].value.value_or("-C");
        if (text.starts_with("-") && text.find('C') != std::string::npos) {
            incomplete(invocation.span, "mapfile -C runs a command for its lines");
        }
        name = text;
    }
    if (!is_name(name)) {
        name = "MAPFILE";
    }
    Variable variable;
    variable.array = true;
    variable.assigned = true;
    variable.elements_known = false;
    state_.set_variable(name, variable);
    note_special_variable(name, Value::unknown("lines of its input"), invocation.span);
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
        const bool on = text[0] == '-';
        std::string letters = text.substr(1);
        if (letters.ends_with('o') && i + 1 < argv.size()) {
            letters.pop_back();
            const std::string option = argv[++i].value.value_or("");
            if (option == "errexit") {
                letters += 'e';
            } else if (option == "noglob") {
                letters += 'f';
            } else if (option != "pipefail" && option != "nounset" && option != "xtrace" &&
                       option != "verbose" && option != "noclobber" && option != "errtrace" &&
                       option != "functrace" && option != "monitor" && option != "notify" &&
                       option != "allexport" && option != "braceexpand" && option != "nolog" &&
                       option != "emacs" && option != "vi" && option != "hashall") {
                incomplete(argv[i].span, "an option that changes how bash reads what follows");
            }
            if (option == "braceexpand" && !on) {
                letters += 'B';
            }
        }
        for (const char letter : letters) {
            if (letter == 'e') {
                core.stop_on_error = on && !flow_.conditional;
            } else if (letter == 'f') {
                core.no_globs = on;
            } else if (letter == 'k' || letter == 'H' || (letter == 'B' && !on) || letter == 'P' ||
                       letter == 'n' || letter == 'r') {
                incomplete(argv[i].span, "an option that changes how bash reads what follows");
            }
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
        // Shared between the copies of Core in the journal.
        core.positional = std::make_shared<const std::vector<Value>>(std::move(values));
    }
    state_.set_core(core);
    if (argv.size() == 1) {
        write_output(invocation, std::nullopt, "a listing of variables");
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
        if (sets && !harmless) {
            incomplete(word.span, "shopt " + text + " changes how bash reads what follows");
        }
    }
    write_output(invocation, std::nullopt, "a listing of options");
    return Status::Unknown;
}

}  // namespace countersign::shell
