// What the home page does beyond its form, which does without: offers the name and the rooms that this
// browser remembers (crates/chat-client/src/profile.rs, whose keys these are), forgets them when
// asked, draws random rooms, and puts the cursor where something is to be written. A browser that keeps
// nothing for us remembers nothing, and the form works all the same.
const NAME = 'otagh:name';
const ROOMS = 'otagh:rooms';
const ROOMS_MAX = 3;

const [name, room, recent, forget, random] = ['name', 'room', 'recent', 'forget', 'random'].map((id) =>
  document.getElementById(id),
);
const stores = ['sessionStorage', 'localStorage'].flatMap((kind) => {
  try {
    return [window[kind]];
  } catch {
    return [];
  }
});
const kept = (key) => stores.map((store) => store.getItem(key)).find(Boolean) ?? '';

// The name that the field offers, until somebody writes another.
let offered = '';
function remember() {
  const before = kept(NAME);
  if ([offered, before].includes(name.value)) offered = name.value = before;
  // Of each line, the room; what its spellings have in common is behind it.
  const rooms = (stores.at(-1)?.getItem(ROOMS) ?? '').split('\n').map((line) => line.split('\t')[0]);
  const links = rooms.filter(Boolean).slice(0, ROOMS_MAX).map((room) => {
    const link = document.createElement('a');
    link.className = 'button quiet small';
    link.href = '/r/' + encodeURIComponent(room);
    const shown = document.createElement('bdi');
    shown.translate = false;
    shown.textContent = room;
    link.append(shown);
    return link;
  });
  recent.replaceChildren(...links);
  recent.parentElement.hidden = links.length === 0;
  forget.parentElement.hidden = links.length === 0 && !before;
}
remember();
// Another tab visited a room, or forgot them; or this page comes back as it was left.
addEventListener('storage', remember);
addEventListener('pageshow', remember);

forget.addEventListener('click', () => {
  // The theme is the device's own, and says nothing of anybody.
  for (const store of stores) {
    for (const key of Object.keys(store)) if (key.startsWith('otagh')) store.removeItem(key);
  }
  remember();
  name.focus();
});

document.querySelector('form').addEventListener('submit', () => {
  for (const store of stores) {
    try {
      store.setItem(NAME, name.value);
    } catch {
      // It is full, or closed: then the room asks for the name.
    }
  }
});

// Two pairs of words and a number, such as «باغ-آبی-چای-گرم-482-1390»: more names than anybody can try, because
// a room's name is its only key (crates/chat-client/src/words/room_names.rs).
function drawRoom() {
  const { nouns, adjectives, numbers } = random.dataset;
  const drawn = crypto.getRandomValues(new Uint32Array(5));
  const words = [nouns, adjectives, nouns, adjectives].map((all, at) => {
    const each = all.split(' ');
    return each[drawn[at] % each.length];
  });
  const digits = String(drawn[4] % numbers).padStart(String(numbers).length - 1, '0');
  return [...words, digits.slice(0, 3), digits.slice(3)].join('-');
}
random.addEventListener('click', () => (room.value = drawRoom()));

// Who wants to see how it works has a room of their own, and not one that is everybody's.
const own = encodeURIComponent(drawRoom());
for (const door of document.querySelectorAll('.doors [href*="/class"]')) door.href = door.pathname.replace('class', own) + door.hash;

const classroom = document.querySelector('[action="/class"] [name=room]');
classroom?.form.addEventListener('submit', () => (classroom.value = drawRoom()));

// What is wrong, else the first that needs something; but not where a keyboard would cover the page, and
// not away from where somebody writes already.
const wrong = document.querySelector('[aria-invalid]');
if (wrong) wrong.focus();
else if (matchMedia('(hover: hover) and (pointer: fine)').matches && document.activeElement === document.body) {
  (name.value ? room : name).focus();
}
// From here on all of it works.
document.getElementById('page').dataset.alive = '';
