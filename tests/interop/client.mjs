// client.mjs - the published JavaScript client against our relay, unchanged.
//
//	node client.mjs TEST
//
// CLASP_NPM is the folder the client is installed in, CLASP_URL the relay's
// address.  Exits 0 when all that the test expects has happened.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(process.env.CLASP_NPM + '/');
// The client uses the browser's WebSocket, which this Node may not have.
globalThis.WebSocket = require('ws');
const { Clasp } = require('@clasp-to/core');

const url = process.env.CLASP_URL;
const slow = Number(process.env.SLOW || 1);
const clients = [];

async function join(options = {}) {
	const client = new Clasp(url, { name: 'interop', ...options });

	client.onError(() => {});
	await client.connect();
	clients.push(client);
	return client;
}

// Wait until something is true, ten seconds at most.
async function until(what, condition) {
	const end = Date.now() + 10000 * slow;

	while (!condition()) {
		if (Date.now() > end)
			throw new Error('waited in vain: ' + what);
		await new Promise(done => setTimeout(done, 5));
	}
}

// What a subscription got, as [address, value].
function collect(client, pattern) {
	const got = [];

	client.on(pattern, (value, address) => got.push([address, value]));
	return got;
}

// Its subscriptions are in force when its own later SET has come back.
let marks = 0;
async function settle(client) {
	const address = '/mark/' + ++marks;
	let seen = false;

	client.on(address, () => { seen = true; });
	client.set(address, 1);
	await until('the mark', () => seen);
}

const tests = {
	async connect() {
		const client = await join();

		assert.equal(client.connected, true);
		assert.match(client.session,
		    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		const second = await join();
		assert.notEqual(client.session, second.session);
	},

	async 'set and get'() {
		const a = await join(), b = await join();
		const values = {
			int: 42, float: 0.5, negative: -7, yes: true, no: false,
			text: 'grüße 世界', empty: '', nothing: null,
			list: [1, 'two', [3.5, null]],
			map: { deep: { er: [1, 2] }, 'with space': true },
			bytes: new Uint8Array([0, 255, 83]),
		};

		for (const [name, value] of Object.entries(values))
			a.set('/v/' + name, value);
		await settle(a);
		for (const [name, value] of Object.entries(values)) {
			const got = await b.get('/v/' + name);

			if (value instanceof Uint8Array)
				assert.deepEqual([...got], [...value]);
			else
				assert.deepEqual(got, value, name);
		}
	},

	async 'on with wildcards'() {
		const a = await join(), b = await join();
		const one = collect(b, '/l/*/level');
		const all = collect(b, '/l/**');
		const exact = collect(b, '/l/a/level');

		await settle(b);
		a.set('/l/a/level', 1);
		a.set('/l/b/level', 2);
		a.set('/l/b/color', 'red');
		a.set('/m/a/level', 3);
		await until('all', () => all.length >= 3);
		await settle(b);
		assert.deepEqual(one, [['/l/a/level', 1], ['/l/b/level', 2]]);
		assert.deepEqual(all, [['/l/a/level', 1], ['/l/b/level', 2],
		    ['/l/b/color', 'red']]);
		assert.deepEqual(exact, [['/l/a/level', 1]]);
	},

	async 'late subscriber'() {
		const a = await join();

		a.set('/late/x', 5);
		await settle(a);
		const b = await join();
		const got = collect(b, '/late/**');
		await until('the snapshot', () => got.length > 0);
		assert.deepEqual(got[0], ['/late/x', 5]);
	},

	async 'emit and stream'() {
		const a = await join(), b = await join();
		const mine = collect(a, '/e/**'), got = collect(b, '/e/**');

		await settle(a);
		await settle(b);
		a.emit('/e/go', { cue: 7 });
		a.emit('/e/bare');
		for (let i = 0; i < 100; i++)
			a.stream('/e/fader', i / 100);
		await until('all', () => got.length >= 102);
		assert.deepEqual(got[0], ['/e/go', { cue: 7 }]);
		assert.equal(got[1][0], '/e/bare');
		assert.deepEqual(got.slice(2).map(g => g[1]),
		    Array.from({ length: 100 }, (_, i) => i / 100));
		await settle(a);
		assert.deepEqual(mine, []);	// never to the sender
	},

	async gesture() {
		const a = await join(), b = await join();
		const phases = [];

		b.on('/g/**', () => {});
		const handle = b.handleMessage.bind(b);
		b.handleMessage = msg => {
			if (msg.type === 'PUBLISH')
				phases.push([msg.id, msg.phase]);
			handle(msg);
		};
		await settle(b);
		a.gesture('/g/touch', 3, 'start', { x: 0 });
		a.gesture('/g/touch', 3, 'move', { x: 1 });
		a.gesture('/g/touch', 3, 'end', { x: 2 });
		await until('the end', () =>
		    phases.some(p => p[1] === 'end'));
		assert.deepEqual(phases[0], [3, 'start']);
		assert.deepEqual(phases.at(-1), [3, 'end']);
	},

	async bundle() {
		const a = await join(), b = await join();
		const got = collect(b, '/b/**');

		await settle(b);
		a.bundle([{ set: ['/b/x', 1] }, { set: ['/b/y', 2] },
		    { emit: ['/b/go', 'now'] }]);
		await until('all', () => got.length >= 3);
		assert.deepEqual(got, [['/b/x', 1], ['/b/y', 2],
		    ['/b/go', 'now']]);
	},

	async time() {
		const client = await join();

		// its clock is set by WELCOME: microseconds, the relay's
		assert.ok(Math.abs(client.time() / 1000 - Date.now()) < 5000);
		const first = client.time();
		await until('time goes on', () => client.time() > first);
	},

	async 'two clients'() {
		const a = await join(), b = await join();
		const fromA = collect(b, '/pp/a'), fromB = collect(a, '/pp/b');

		await settle(a);
		await settle(b);
		b.on('/pp/a', value => {
			if (value < 100)
				b.set('/pp/b', value + 1);
		});
		a.on('/pp/b', value => a.set('/pp/a', value + 1));
		await settle(b);
		await settle(a);
		a.set('/pp/a', 0);
		await until('a hundred', () =>
		    fromA.some(g => g[1] === 100));
		assert.deepEqual(fromA.map(g => g[1]),
		    Array.from({ length: 51 }, (_, i) => 2 * i));
		assert.equal(fromB.length, 50);
	},

	async reconnect() {
		const port = new URL(url).port;
		const client = await join({ reconnect: true,
		    reconnectInterval: 50 });
		const got = collect(client, '/r/**');
		let lost = 0;

		client.onDisconnect(() => lost++);
		await settle(client);
		const first = client.session;
		process.kill(Number(process.env.RELAY_PID), 'SIGKILL');
		await until('the loss', () => lost > 0 && !client.connected);

		const relay = spawn('clasp-relay', ['-p', port],
		    { stdio: 'ignore' });
		try {
			await until('the return', () => client.connected);
			assert.notEqual(client.session, first);
			const other = await join();
			await settle(client);
			other.set('/r/x', 'again');
			await until('the value', () => got.length > 0);
			assert.deepEqual(got, [['/r/x', 'again']]);
		} finally {
			relay.kill('SIGKILL');
		}
	},
};

await tests[process.argv[2]]();
for (const client of clients)
	client.close();
process.exit(0);
