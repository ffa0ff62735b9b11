#include "builder.h"

#include <algorithm>
#include <set>

namespace countersign::tools {

namespace table = catalogue::table;

namespace {

void referenced_in(const std::vector<ActSpec>& acts, std::set<std::string>& names) {
    for (const ActSpec& act : acts) {
        for (const auto* list : {&act.need, &act.refuse, &act.recursive_if, &act.reversible_if}) {
            names.insert(list->begin(), list->end());
        }
    }
}

void set_by(const std::vector<ActSpec>& acts, std::set<std::string>& set) {
    for (const ActSpec& act : acts) {
        if (act.what == table::What::Flag) {
            set.insert(act.language);
        }
    }
}

/// Flags that some condition of the program names, and flags that some word of it sets.
void collect_flags(const FormSpec& form, std::set<std::string>& referenced,
                   std::set<std::string>& set) {
    referenced_in(form.acts, referenced);
    for (const OptionSpec& option : form.options) {
        referenced_in(option.acts, referenced);
        set.insert(option.sets.begin(), option.sets.end());
        set_by(option.acts, set);
    }
    for (const OperandSpec& operand : form.operands) {
        referenced_in(operand.acts, referenced);
        set_by(operand.acts, set);
        referenced.insert(operand.need.begin(), operand.need.end());
        referenced.insert(operand.refuse.begin(), operand.refuse.end());
        set.insert(operand.name);
    }
    for (const FormSpec& sub : form.subs) {
        collect_flags(sub, referenced, set);
    }
}

std::uint64_t mask_of(const std::vector<std::string>& names,
                      const std::map<std::string, std::uint64_t>& flags) {
    std::uint64_t mask = 0;
    for (const std::string& name : names) {
        const auto found = flags.find(name);
        mask |= found == flags.end() ? 0 : found->second;
    }
    return mask;
}

/// Everything that makes two act lists equal, as one key.
std::string key_of(const std::vector<ActSpec>& acts, const std::vector<table::Act>& numbered) {
    std::string key;
    for (std::size_t i = 0; i < acts.size(); ++i) {
        const ActSpec& act = acts[i];
        const table::Act& flat = numbered[i];
        for (const auto number :
             {static_cast<std::uint64_t>(flat.what), static_cast<std::uint64_t>(flat.kind),
              static_cast<std::uint64_t>(flat.aim), static_cast<std::uint64_t>(flat.marks),
              flat.need, flat.refuse, flat.recursive_if, flat.reversible_if}) {
            key += std::to_string(number) + ",";
        }
        for (const auto* text : {&act.fixed, &act.after, &act.before, &act.match, &act.unmatch,
                                 &act.language, &act.say}) {
            key += *text + '\x01';
        }
    }
    return key;
}

bool is_glob(const std::string& name) {
    return name.find('*') != std::string::npos;
}

}  // namespace

table::Text Builder::intern(const std::string& text) {
    if (text.empty()) {
        return {};
    }
    const auto known = interned_.find(text);
    if (known != interned_.end()) {
        return known->second;
    }
    const table::Text piece{static_cast<std::uint32_t>(text_.size()),
                            static_cast<std::uint16_t>(text.size())};
    text_ += text;
    interned_.emplace(text, piece);
    return piece;
}

table::Range Builder::add_acts(const std::vector<ActSpec>& acts, const Flags& flags) {
    std::vector<table::Act> flat;
    for (const ActSpec& spec : acts) {
        table::Act act;
        act.what = spec.what;
        act.kind = spec.kind;
        act.aim = spec.aim;
        act.marks = spec.marks;
        act.need = mask_of(spec.need, flags);
        act.refuse = mask_of(spec.refuse, flags);
        act.recursive_if = mask_of(
            spec.what == table::What::Flag ? std::vector{spec.language} : spec.recursive_if, flags);
        act.reversible_if = mask_of(spec.reversible_if, flags);
        act.fixed = intern(spec.fixed);
        act.after = intern(spec.after);
        act.before = intern(spec.before);
        act.match = intern(spec.match);
        act.unmatch = intern(spec.unmatch);
        act.language = intern(spec.language);
        act.say = intern(spec.say);
        flat.push_back(act);
    }
    const auto range = table::Range{static_cast<std::uint32_t>(acts_.size()),
                                    static_cast<std::uint16_t>(flat.size())};
    const auto [at, is_new] = act_lists_.emplace(key_of(acts, flat), range);
    if (is_new) {
        acts_.insert(acts_.end(), flat.begin(), flat.end());
    }
    return at->second;
}

void Builder::add_options(table::Form& form, const FormSpec& spec, const Flags& flags) {
    std::vector<table::Spelling> spellings;
    for (const OptionSpec& option : spec.options) {
        table::Option flat;
        flat.value = option.value;
        flat.words = option.words;
        flat.ends = option.ends;
        flat.sets = mask_of(option.sets, flags);
        flat.acts = add_acts(option.acts, flags);
        const auto index = static_cast<std::uint32_t>(options_.size());
        options_.push_back(flat);
        for (const std::string& spelling : option.spellings) {
            spellings.push_back({intern(spelling), index});
        }
    }
    std::sort(spellings.begin(), spellings.end(), [&](const auto& a, const auto& b) {
        return text_.substr(a.name.offset, a.name.length) <
               text_.substr(b.name.offset, b.name.length);
    });
    form.spellings = {static_cast<std::uint32_t>(spellings_.size()),
                      static_cast<std::uint16_t>(spellings.size())};
    spellings_.insert(spellings_.end(), spellings.begin(), spellings.end());
}

void Builder::add_operands(table::Form& form, const FormSpec& spec, const Flags& flags) {
    std::vector<table::Operand> flat;
    for (const OperandSpec& operand : spec.operands) {
        table::Operand entry;
        entry.many = operand.many;
        entry.need = mask_of(operand.need, flags);
        entry.refuse = mask_of(operand.refuse, flags);
        entry.sets = mask_of({operand.name}, flags);
        entry.acts = add_acts(operand.acts, flags);
        flat.push_back(entry);
    }
    form.operands = {static_cast<std::uint32_t>(operands_.size()),
                     static_cast<std::uint16_t>(flat.size())};
    operands_.insert(operands_.end(), flat.begin(), flat.end());
}

void Builder::add_subs(std::uint32_t index, const FormSpec& spec, const Flags& flags) {
    struct Named {
        std::string name;
        const FormSpec* spec;
    };
    std::vector<Named> exact;
    std::vector<Named> globs;
    for (const FormSpec& sub : spec.subs) {
        for (const std::string& name : sub.names) {
            (is_glob(name) ? globs : exact).push_back({name, &sub});
        }
    }
    std::sort(exact.begin(), exact.end(),
              [](const Named& a, const Named& b) { return a.name < b.name; });
    const auto begin = static_cast<std::uint32_t>(forms_.size());
    const std::size_t count = exact.size() + globs.size();
    forms_.resize(begin + count);
    forms_[index].subs = {begin, static_cast<std::uint16_t>(count)};
    forms_[index].exact_subs = static_cast<std::uint16_t>(exact.size());
    exact.insert(exact.end(), globs.begin(), globs.end());
    for (std::size_t i = 0; i < count; ++i) {
        fill_form(static_cast<std::uint32_t>(begin + i), *exact[i].spec, exact[i].name, index,
                  flags);
    }
}

void Builder::fill_form(std::uint32_t index, const FormSpec& spec, const std::string& name,
                        std::uint32_t parent, const Flags& flags) {
    table::Form form;
    form.name = intern(name);
    form.style = spec.style;
    form.marks = spec.marks;
    form.parent = parent;
    form.program_class = intern(spec.program_class);
    add_options(form, spec, flags);
    add_operands(form, spec, flags);
    form.acts = add_acts(spec.acts, flags);
    forms_[index] = form;
    add_subs(index, spec, flags);
}

std::optional<Problem> Builder::add(const FormSpec& program) {
    std::set<std::string> referenced;
    std::set<std::string> set;
    collect_flags(program, referenced, set);
    Flags flags;
    for (const std::string& name : referenced) {
        if (set.count(name) == 0) {
            return Problem{"condition on '" + name + "', which no option or operand sets"};
        }
        if (flags.size() == 64) {
            return Problem{"more than 64 flags in conditions of one program"};
        }
        flags.emplace(name, std::uint64_t{1} << flags.size());
    }
    const auto index = static_cast<std::uint32_t>(forms_.size());
    forms_.emplace_back();
    fill_form(index, program, program.names.front(), index, flags);
    for (const std::string& name : program.names) {
        if (!programs_.emplace(name, index).second) {
            return Problem{"program '" + name + "' is defined twice"};
        }
    }
    return std::nullopt;
}

// Hash and displace: the bucket with the most names looks first for a seed that sends all of its
// names to free slots.
void Builder::place_programs() {
    std::uint32_t buckets = 1;
    while (buckets * 3 < programs_.size()) {
        buckets *= 2;
    }
    std::uint32_t slots = buckets;
    while (slots < programs_.size() * 5 / 4 + 1) {
        slots *= 2;
    }
    displacements_.assign(buckets, 0);
    slots_.assign(slots, {});
    std::vector<std::vector<std::string>> members(buckets);
    for (const auto& [name, form] : programs_) {
        members[table::hash_name(name, 0) & (buckets - 1)].push_back(name);
    }
    std::vector<std::uint32_t> order(buckets);
    for (std::uint32_t i = 0; i < buckets; ++i) {
        order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return members[a].size() > members[b].size();
    });
    for (const std::uint32_t bucket : order) {
        for (std::uint32_t seed = 1;; ++seed) {
            std::set<std::uint32_t> taken;
            for (const std::string& name : members[bucket]) {
                const std::uint32_t slot = table::hash_name(name, seed) & (slots - 1);
                if (slots_[slot].name.length == 0) {
                    taken.insert(slot);
                }
            }
            if (taken.size() != members[bucket].size()) {
                continue;
            }
            displacements_[bucket] = seed;
            for (const std::string& name : members[bucket]) {
                slots_[table::hash_name(name, seed) & (slots - 1)] = {intern(name),
                                                                      programs_.at(name)};
            }
            break;
        }
    }
}

void Builder::print_tables(std::ostream& out) {
    place_programs();
    out << "// Generated by tools/catalogue_compile from catalogue/*.toml; not to be edited.\n"
           "#include \"catalogue/table.h\"\n\n"
           "namespace countersign::catalogue::table {\n\nnamespace {\n\n";
    print_text(out);
    print_acts(out);
    print_forms(out);
    out << "}  // namespace\n\nextern const Tables kTables;\n"
           "constinit const Tables kTables = {kText, kActs, kOptions, kSpellings, kOperands, "
           "kForms, kSlots, kDisplacements, "
        << slots_.size() << "U, " << displacements_.size() << "U, " << programs_.size()
        << "U};\n\n}  // namespace countersign::catalogue::table\n";
}

}  // namespace countersign::tools
