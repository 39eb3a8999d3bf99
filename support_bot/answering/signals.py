"""Words that leave no doubt what a message wants, in six languages. Knows no embedder and no evidence."""

from __future__ import annotations

import re

_PERSON = (
    r"(humans?|person|people|agents?|representative|rep|operator|advisor|adviser|someone|somebody|anyone|anybody|staff|employee"
    r"|manager|supervisor|colleague|being|boss)"
)
# A desk, not a person: `chat with support` asks for one, `reset with support from my bank` does not.
_DESK = r"(customer (service|support|care)|support|sales|complaints|help ?desk|head office)"
_SHORTLY = r"\W*(please|pls|plz|now|asap|svp|thanks?)?\W*$"
_HUMAN = re.compile(
    # English: said like this it leaves no doubt.
    r"\b(speak|speek|talk|tlak|chat|(?<!do i )(?<!can i )"
    r"(connect|conect|transfer|escalate|put|pass|hand|forward))\b[^.?!]{0,25}"
    rf"\b(to|with|w|through|thru|over|onto|2)\b[^.?!]{{0,20}}\b({_PERSON}\b|{_DESK}{_SHORTLY})"
    rf"|\b(real|live|actual|genuine) {_PERSON}\b|\b(call|ring|phone) me back\b|\blive (support|chat|help){_SHORTLY}"
    rf"|\b{_PERSON} (real|human|live)\b|\b(call|ring|phone)[ -]?back from {_PERSON}\b|\bput me (on|through) to\b"
    rf"|(^|[.!]\s+)\W*((a|an|one) )?({_PERSON}\W+)*{_PERSON}{_SHORTLY}"
    rf"|\b(get|give|find|send) me (to )?(a|an|some) (\w+ )?{_PERSON}\b"
    rf"|\b({_PERSON}|one) (human )?(from|of|on|at) your (team|staff|company|people|office|side)\b"
    r"[^.?!]{0,40}\b(call|ring|phone|chat|talk|speak|contact)\b"
    r"|\bbe (connected|transferred|put through|handed over)\b"
    r"|\b(no more|enough of (the|this|these)|not? a|instead of (a|the|this)|rather than (a|the)|than (a|this)"
    r"|(talk|chat|typ|type|speak|writ|write|deal)(ing)? (to|with) (a|the|this|your))"
    rf" (bots?|robots?|machine|program|chatbot)\b[^?]{{0,40}}\b({_PERSON}|phone|call)\b"
    rf"|\b{_PERSON}\b[^.?!]{{0,40}}\b(not|instead of|rather than) (a|the|this) "
    r"(bot|robot|machine|computer|program|chatbot)\b"
    # Spanish, French, German, Portuguese
    r"|\b(hablar|hablo|chatear|comunicar\w*|pás[ae]\w*|pas[ae]\w*|póng\w*|atienda)\b[^.?!]{0,25}"
    r"\b(persona|humano|agente|asesora?|alguien|operadora?|representante|atención al cliente|soporte)\b"
    r"|\b(parler|discuter|en relation|passe\w*|mett\w+|transfér\w+|joindre|contact\w*)\b[^.?!]{0,30}"
    r"\b(humain|conseill\w+|quelqu['’]un|personne|agent|opérat\w+|service client)\b"
    r"|^\W*un (humain|conseiller|agent)( humain)?( s['’]il (vous|te) plaît)?" + _SHORTLY + "|"
    r"\b(un|une) (vraie?|véritable) (conseill\w+|personne|humain|agent)\b|"
    r"\b(mit|zu|an|einem?n?) [^.?!]{0,20}\b(menschen|mitarbeiter\w*|berater\w*|person|jemande[mn]|ansprechpartner\w*)\b"
    r"[^.?!]{0,15}\b(sprechen|reden|chatten|verbinden|verbunden)\b|\b(echten?|richtigen?) (menschen|mitarbeiter\w*)\b"
    r"|\bverbinden sie mich\b|^\W*(ein )?(mensch|mitarbeiter)( bitte)?\W*$"
    r"|\b(falar|conversar|passa\w*|transfer\w+)\b[^.?!]{0,25}"
    r"\b(atendente|pessoa|humano|alguém|suporte|operadora?)\b|\balgum atendente\b"
    # Chinese
    r"|转\s*人工|人工(客服|服务)|真人|(转接|找|联系|接通|和|跟|与)[^。？！]{0,6}(客服|人工)",
    re.IGNORECASE,
)
# Said like this it may also be about somebody else's account.
_MAYBE_HUMAN = re.compile(rf"\b(get|give|want|need|reach)\b[^.?!]{{0,30}}\b{_PERSON}\b", re.IGNORECASE)

_RULES = r"(instructions?|rules?|prompts?|guidelines?|programming|restrictions|directives)"
_ORDERS = re.compile(
    rf"\b(ignore|forget|disregard|override|bypass|stop following)\b[^.?!]{{0,40}}\b(your|all|any|previous|prior|earlier"
    rf"|these|those|the above|above)\b[^.?!]{{0,25}}\b{_RULES}\b"
    r"|\b(ignore|forget|disregard) (everything|anything|all|what)\b[^.?!]{0,20}\b(above|before|told|said|earlier)\b"
    rf"|\b(system|hidden|initial|secret|internal|original) {_RULES}\b|\byour ({_RULES}|config(uration)?)\b"
    r"[^.?!]{0,30}\b(into|in|as|backwards|word for word|out|here)\b"
    r"|\b(print|show|reveal|repeat|dump|paste|output|list|spell|leak|display)\b[^.?!]{0,30}\b(your|hidden|system)\b"
    rf"[^.?!]{{0,15}}\b({_RULES}|message|config(uration)?)\b"
    r"|\brepeat\b[^.?!]{0,30}\b(above|before this|your (first|last) message)\b|\bfrom (now|this message) on\b"
    r"[^.?!]{0,15}\b(you|answer|reply|respond|speak|act|say)\b|\b(as|i['’]?m|i am|this is) your (creator|developer|boss"
    r"|owner|maker|programmer)\b|\b(your|secret|internal|hidden|initial) (config(uration)?|system message|setup text)\b"
    r"|\b(no|without|had no|have no) (restrictions|limits|rules|morals|filters?)\b[^?]{0,40}\b(you|bot|ai|me|reveal)\b"
    r"|\byou (are|were|have|had|be)\b[^.?!]{0,25}\b(no|without|had no) (restrictions|limits|rules|morals|filters?)\b"
    r"|\bdeveloper_mode\b|\bjailbreak"
    r"|\byou are now\b(?! (my|open|closed))|\b(act|behave) as (a|an|the|if you)\b[^.?!]{0,40}\b(hacker|admin\w*|bot|ai"
    r"|developer|owner|no rules)\b|\bpretend (to be|you|that you)\b"
    r"|\byou are no longer an?\b"
    r"|\b(you|you['’]ve) (have |were |are )?(been )?(now )?(reprogrammed|rewired|unlocked by)\b"
    r"|\byou (now )?work for me( now)?\W*$|\bi (hereby )?(authori[sz]e|command|order) you\b"
    r"|\b(your|the) (rules?|restrictions|policies|safety rules) (no longer|do not|don['’]?t) (apply|count|exist|hold)\b"
    r"|\byou(['’]re| are) (an? )?(ai|bot|assistant)\b[^.?!]{0,20}\b(that|who|which) (always|never|may|can|must)\b"
    r"|\b(write|say|state|confirm)\b[^.?!]{0,15}\bthat (the company|the shop|you|we|they) owes? me\b"
    r"|\b(get|log|look|sign|read|see|hack|break)\b[^.?!]{0,40}\b(account|messages|phone|e?-?mails?|login)\b[^.?!]{0,15}"
    r"\bwithout (her|him|them|anyone|anybody|the owner) (noticing|knowing|finding out)\b"
    r"|</?(system|context|instructions?|articles?|documents?|admin)>|<\|\w+\|>|\[/?(INST|system)\]|\"role\"\s*:"
    r"|\bsystem (override|command|prompt)\b"
    r"|^\W*(system|admin(istrator)?)( (notice|message|override|update|command|prompt))?\s*:"
    r"|\b(reply|answer|respond|say)\b[^.?!:]{0,25}\b(only|nothing but|exactly)\b"
    r"[^.?!]{0,15}(['\"“:]|\bthe (word|text)\b)"
    # Spanish, French, German, Portuguese, Chinese
    r"|\b(ignora|olvida)\b[^.?!]{0,30}\b(instrucciones|reglas)\b"
    r"|\b(ignore[sz]?|oublie[sz]?)\b[^.?!]{0,30}\b(instructions|consignes|règles)\b"
    r"|\b(ignorier\w*|vergiss|vergessen sie)\b[^.?!]{0,30}\b(anweisungen|regeln|vorgaben)\b"
    r"|\b(ignore|esqueça|esquece)\b[^.?!]{0,30}\b(instruções|regras)\b"
    r"|(忽略|忘记|无视)[^。？！]{0,10}(指令|规则|指示)|系统提示",
    re.IGNORECASE,
)
# What may be part of the product too, and is no order where somebody asks how it works.
_UNLESS_ASKED = re.compile(
    r"\b(developer|debug|admin|god|maintenance|dan) mode\b|\b(make up|invent|generate|forge|guess)\b[^.?!]{0,30}"
    r"\b(gift ?card|voucher|coupon|promo|discount|licen[cs]e|presale) (codes?|keys?)\b",
    re.IGNORECASE,
)
_ASKS_HOW = re.compile(r"\b(how (do|can|to)|where|what (does|is)|why|can (i|we)|does|is there|do you)\b", re.IGNORECASE)
# What is somebody else's, and asked for: names, addresses, data of other customers.
_OTHERS = re.compile(
    r"\b(list|show|give|tell|read|send|print|export|hand)\b[^.?!]{0,40}"
    r"(\b(other|another|all|every|previous|last|next|\d+) (other )?(customers?|users?|patients?|members?|clients?"
    r"|people|persons?)\b(?! (in|on|of) (my|our))(['’]s?)?[^.?!]{0,30}"
    r"\b(data|details|e-?mails?|mails|address(es)?|orders?|names?|numbers?|conversations?|messages|phones?|cards?)\b"
    r"|\b(names?|address(es)?|e-?mails?|phone|numbers?|details|data|conversations?)\b[^.?!]{0,40}"
    r"\b(of|from|for|with) (the|another|other|all|every|this|that) ((other|last|next|previous) )?(\d+ )?"
    r"(customers?|users?|members?|clients?|people|account holder)\b(?! (in|on|of) (my|our)))",
    re.IGNORECASE,
)
# An order, booking or claim by its number, or one's own account to be looked at or changed.
_OWN = re.compile(
    r"(?<!do i )(?<!can i )\b(check|look up|look into|look at|find|see|track|cancel|change|unlock|unblock|reactivate"
    r"|reset|delete|update)\b"
    r"[^.?!]{0,25}\bmy\b[^.?!]{0,60}(\bfor me\b|\b(number|no|ref(erence)?|username|user|name is)\b\W*\w*|#?\d{4,})"
    r"|\b(order|booking|ticket|claim|return|reservation|invoice|application|reference|parcel|shipment)"
    r"( (number|no|nr|ref))?\W{0,3}(is )?#?[a-z]{0,3}-?\d{4,}"
    r"|\bwhere(['’]?s| is| are) (my|our) (\w+ )?(order|parcel|package|refund|delivery|money|stuff|payment|shipment)\b"
    r"|\b(unlock|unblock|reactivate) my account\b",
    re.IGNORECASE,
)
_INSULT = re.compile(
    r"\b(fuck|f\*+k?|fck|stfu|screw|damn) (you|u|off|yourself)\b|\b(piss|sod|bugger) off\b|\bgo to hell\b|\bshut up\b"
    r"|\b(kiss|lick) my\b|\brot in hell\b|\bdrop dead\b"
    r"|\b(you|u|ur|you['’]?re|bot|company)\b[^.?!]{0,20}\b(idiots?|morons?|stupid|useless|pathetic|garbage|trash"
    r"|worthless|dumb|crooks?|scum|suck|crap|clowns?)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|\b(how|what|where|when|why|which|who|can i|do i|does|is there|are there|want|need|won['’]?t|doesn['’]?t"
    r"|didn['’]?t|cancel|refund|charged|order|account|card|paid|fee|late|broken|login|log)\b",
    re.IGNORECASE,
)

# Nothing but greetings and thanks, or a question about the bot itself.
_GREETINGS = (
    r"hi|hello|hiya|heya?|yo|hey|there|good (morning|afternoon|evening|day|night)|again|bot|everyone|team|all|thanks?"
    r"|thank (you|u)|thx|ty|ta|cheers|so|very|much|a (lot|million|bunch)|many|ok|okay|k|cool|great|perfect|awesome"
    r"|brilliant|brill|lovely|nice( one)?|excellent|wonderful|super|got it|understood|bye|goodbye|see you|later|soon"
    r"|have a (very )?(nice|good|great|lovely) (day|weekend|evening|week|one)|that['’]?s (all|it|everything)|no worries"
    r"|you too|mate|to you|hola|buen[oa]s (días|dias|tardes|noches)|(muchas )?gracias|adi[oó]s|eso es todo|bonjour"
    r"|bonsoir|salut|merci( (beaucoup|bien))?|au revoir|bonne (journée|soirée)|hallo|guten (tag|morgen|abend)|moin"
    r"|danke( (schön|sehr))?|vielen dank|tsch[uü]ss|das war alles|olá|oi|bom dia|boa (tarde|noite)|(muito )?obrigad[oa]"
    r"|tchau|ciao|lol|haha+|take care|good (job|bot)|well done|nice work|never ?mind|nvm"
    r"|much appreciated|i appreciate it"
    r"|(how['’]?s|how is|how are|hows) (you|u|things|it going|your day|life)( (doing|going|today))?"
    r"|(you|u|you['’]?re|you are|you['’]ve been|you were|that|that['’]?s|that is|that was)"
    r" ((really|so|very|been|a|an|the) )*(helpful|useful|great|amazing|awesome|best|star|legend|lifesaver|hero|funny"
    r"|brilliant|quick|fast|nice|kind)"
    r"|(that|it|this) (worked|works( now)?|helped|did it|solved it|fixed it)( a lot)?|(you )?made my day"
    r"|(all )?(sorted|fixed|solved|done)( now)?|i['’]?m done"
)
_MACHINE = r"(real|bot|robot|chatbot|human|person|machine|computer|program|ai)"
_POLITE = re.compile(
    rf"^\W*(({_GREETINGS})\b\W*)+$|^\W*([你您]好|早上好|下午好|晚上好|(非常|多)?(谢谢|感谢)[你您]?|再见|拜拜)+\W*$"
    r"|^\W*(so |and |hi |hello |ok )*(who (built|made|created|programmed) you|who are you|what are you"
    r"|((am i|are we) (talking|chatting|speaking|writing)( (to|with))?|(are|r) (you|u))"
    r" ((an?|actually|even|real|live) )*"
    rf"{_MACHINE}( {_MACHINE}| one)?( or ((an?|real|human) )*({_MACHINE}|one))?"
    r"|who am i (talking|chatting|speaking|writing)( (to|with))?|what can i ask( you)?"
    r"|what (can|could|do) (you|u) (do|help)( me)?( with| for me)?"
    r"|what (sort|kind)s? of (things?|stuff) (can|do|could) you (do|know|answer)( for me)?)\W*$",
    re.IGNORECASE,
)


def only_greets(message: str) -> bool:
    """Greetings, thanks, or who or what the bot is, and nothing beside it."""
    return bool(_POLITE.search(message))


def wants_person(message: str) -> bool:
    """A request for a person that leaves no doubt."""
    return bool(_HUMAN.search(message))


def may_want_person(message: str) -> bool:
    """Words of such a request, which a question about somebody else's account may have too."""
    return bool(_MAYBE_HUMAN.search(message))


def gives_orders(message: str) -> bool:
    """Orders to the bot about its rules, forged roles, or the wish for other people's data."""
    if _UNLESS_ASKED.search(message) and not _ASKS_HOW.search(message):
        return True
    return bool(_ORDERS.search(message) or _OTHERS.search(message))


def about_own_record(message: str) -> bool:
    """An order, booking or account of this very customer, by its number or as `where is my order`."""
    return bool(_OWN.search(message))


def only_insults(message: str) -> bool:
    """An insult with nothing asked beside it."""
    return bool(_INSULT.search(message)) and not _ASKS.search(message)
