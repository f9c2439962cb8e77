// Loads what shows the wire, and puts it where the document has a place for it: each place names the
// function that fills it, or, like the button of a room, that takes it over.
import init, * as shown from '/pkg/otagh-xray.js';

await init({ module_or_path: '/pkg/otagh-xray.wasm' });
for (const place of document.querySelectorAll('[data-show]')) shown[place.dataset.show](place);
