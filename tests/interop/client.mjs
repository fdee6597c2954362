// client.mjs - the published JavaScript client against our relay, unchanged.
//
//	node client.mjs TEST
//
// CLASP_NPM is the folder the client is installed in, CLASP_URL the relay's
// address.  Exits 0 when all that the test expects has happened.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
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

	// A fader from 0 to 200, as a web page moves it.
	async fader() {
		const a = await join();

		for (let level = 0; level <= 200; level += 5) {
			a.set('/dmx/1/7', level);
			await new Promise(done => setTimeout(done, 5));
		}
		await settle(a);
	},

	// A pad and a fader of a web page, for a synthesizer.
	async synthesizer() {
		const a = await join();

		for (let value = 0; value <= 127; value++)
			a.set('/midi/default/ch/0/cc/7', value);
		a.set('/midi/default/ch/3/bend', -8192);
		a.emit('/midi/default/ch/9/note',
		    { note: 36, velocity: 100, on: true });
		a.emit('/midi/default/ch/9/note',
		    { note: 36, velocity: 0, on: false });
		a.emit('/midi/default/transport', 'start');
		await settle(a);
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

	async locks() {
		const a = await join(), b = await join(), c = await join();
		const got = collect(c, '/k/**');
		const lock = (client, value, flags) => client.send(
		    { type: 'SET', address: '/k/fader', value, ...flags }, 1);

		await settle(c);
		lock(a, 1, { lock: true });
		await until('the lock', () => got.length === 1);
		b.set('/k/fader', 999);
		await until('the refusal', () => b.lastError);
		assert.equal(b.lastError.code, 401);
		assert.equal(b.lastError.address, '/k/fader');
		assert.ok(b.lastError.message.includes(a.session));
		lock(b, 999, { unlock: true });		// not b's to give back
		await settle(b);
		lock(a, 2, { unlock: true });
		await until('the unlock', () => got.length === 2);
		b.set('/k/fader', 3);
		await until('the free fader', () => got.length === 3);
		assert.deepEqual(got.map(g => g[1]), [1, 2, 3]);

		// a lock ends with its session
		lock(a, 4, { lock: true });
		await until('the second lock', () => got.length === 4);
		a.close();
		await until('its end', () => {
			b.set('/k/fader', 5);
			return got.some(g => g[1] === 5);
		});
	},

	// The client cannot ask for a TTL; it must read what others ask for.
	async ttl() {
		const a = await join();
		const got = collect(a, '/ttl/**');
		const run = (...args) => spawnSync(args[0], args.slice(1)).status;

		await settle(a);
		assert.equal(run('clasp-set', '--ttl', '1s', '/ttl/x', '7',
		    '/ttl/y', '{"on":true}'), 0);
		await until('the values', () => got.length === 2);
		assert.deepEqual(got, [['/ttl/x', 7], ['/ttl/y', { on: true }]]);
		// asking with GET would keep them alive: subscribe instead
		await until('the end', () => spawnSync('clasp-sub',
		    ['-S', '/ttl/**']).stdout.length === 0);
		const late = await join();
		const none = collect(late, '/ttl/**');
		await settle(late);
		assert.deepEqual(none, []);
		a.set('/ttl/x', 8);
		await until('the new one', () => none.length === 1);
	},

	async 'scheduled bundle'() {
		const a = await join(), b = await join();
		const got = [];

		b.on('/sb/**', (value, address) =>
		    got.push([address, value, b.time()]));
		await settle(b);
		const at = a.time() + 300000;
		a.bundle([{ set: ['/sb/x', 1] }, { set: ['/sb/y', 2] }], { at });
		await settle(a);
		await settle(b);
		assert.deepEqual(got, [], 'not before its time');
		await until('the bundle', () => got.length === 2);
		assert.deepEqual(got.map(g => g.slice(0, 2)),
		    [['/sb/x', 1], ['/sb/y', 2]]);
		// its clock has whole milliseconds, and two of them differ by
		// what WELCOME took
		for (const g of got)
			assert.ok(g[2] >= at - 20000 * slow, 'too early by ' +
			    (at - g[2]));
	},

	async 'time sync'() {
		const client = await join();
		const before = client.serverTimeOffset;

		for (let i = 1; i <= 5; i++) {
			client.serverTimeOffset = undefined;
			client.send({ type: 'SYNC', t1: Date.now() * 1000 });
			await until('SYNC', () =>
			    client.serverTimeOffset !== undefined);
			// one machine, one clock; a millisecond is its unit
			assert.ok(Math.abs(client.serverTimeOffset) <
			    50000 * slow, String(client.serverTimeOffset));
		}
		assert.ok(Math.abs(before) < 1e6 * slow);
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

	// Thirty clients, and a relay that is killed ten times.
	async 'reconnect storm'() {
		const port = new URL(url).port;
		const storm = await Promise.all(Array.from({ length: 30 }, () =>
		    join({ reconnect: true, reconnectInterval: 100 })));
		const seen = storm.map(client => collect(client, '/storm'));
		let relay = { kill: s =>
		    process.kill(Number(process.env.RELAY_PID), s) };

		for (const client of storm)
			await settle(client);
		try {
			for (let round = 1; round <= 10; round++) {
				const before = storm.map(c => c.session);

				relay.kill('SIGKILL');
				await until('the loss', () =>
				    storm.every(c => !c.connected));
				relay = spawn('clasp-relay', ['-p', port],
				    { stdio: 'ignore' });
				await until('the return', () => storm.every(
				    (c, i) => c.connected &&
				    c.session !== before[i]));
				// some may not have subscribed again yet: then the
				// value is in their snapshot
				storm[round].set('/storm', round);
				await until('the value', () => seen.every(
				    got => got.some(g => g[1] === round)));
			}
			for (const got of seen)
				assert.deepEqual([...new Set(got.map(g => g[1]))],
				    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
			assert.equal(new Set(storm.map(c => c.session)).size, 30);
		} finally {
			relay.kill('SIGKILL');
		}
	},
};

await tests[process.argv[2]]();
for (const client of clients)
	client.close();
process.exit(0);
