// The softphone: signs in to the carrier, takes the one call that the window expects, and tells
// the window what happens. It decides nothing about patients and never sees one.
//
// Orders come as JSON over the bridge ({"do": …}); what is told goes back the same way
// ({"kind": …}). Devices are named by their label: their ids are other ones at every start.
"use strict";

(() => {
  const METER_MS = 80; // less than a window of the meter holds: no sound falls between two
  const METER_WINDOW = 4096;
  const NO_SINK = { sinkId: { type: "none" } }; // measures and makes sound without a speaker
  const SAMPLE_EVERY = 5; // the library measures once a second
  const SILENT_AFTER_MS = 6000; // a call in which no sound arrived for so long
  let bridge = null;
  let device = null;
  let call = null;
  let expected = null; // {from, until}: the call that may come now
  let chosen = { input: "", output: "" }; // labels; "": the system's own
  let muted = false;
  let meter = null; // while the microphone is only listened to
  let samples = 0;

  const tell = (kind, facts = {}) => bridge && bridge.tell(JSON.stringify({ kind, ...facts }));

  const trouble = (error, where) =>
    tell("error", {
      where,
      code: Number(error && error.code) || 0,
      name: String((error && error.name) || "Error").slice(0, 80),
    });

  // ------------------------------------------------------------------------------- devices

  const listed = async () =>
    navigator.mediaDevices.enumerateDevices().then((all) => ({
      inputs: all.filter((one) => one.kind === "audioinput"),
      outputs: all.filter((one) => one.kind === "audiooutput"),
    }));

  const find = (devices, label) => devices.find((one) => label && one.label === label);

  async function tellDevices() {
    const { inputs, outputs } = await listed();
    const labels = (devices) => [...new Set(devices.map((one) => one.label).filter(Boolean))];
    tell("devices", {
      inputs: labels(inputs),
      outputs: labels(outputs),
      input_there: inputs.length > 0 && (!chosen.input || Boolean(find(inputs, chosen.input))),
      output_there: outputs.length > 0 && (!chosen.output || Boolean(find(outputs, chosen.output))),
    });
  }

  // In a call the browser takes out echo and noise; the meter shows what the microphone hears.
  async function microphone(forCall) {
    const { inputs } = await listed();
    const one = find(inputs, chosen.input);
    return {
      audio: {
        ...(one ? { deviceId: { exact: one.deviceId } } : {}),
        echoCancellation: forCall,
        noiseSuppression: forCall,
        autoGainControl: true,
      },
    };
  }

  async function useDevices() {
    const { inputs, outputs } = await listed();
    const output = find(outputs, chosen.output);
    if (device && device.audio) {
      const known = output || outputs.find((one) => one.deviceId === "default");
      if (device.audio.isOutputSelectionSupported && known) {
        await device.audio.speakerDevices.set(known.deviceId);
      }
      const input = find(inputs, chosen.input);
      if (call && input) await device.audio.setInputDevice(input.deviceId);
    }
    if (meter) {
      unlisten();
      await listen();
    }
    await tellDevices();
  }

  // ------------------------------------------------------------------------ level and tone

  function loudness(analyser, room) {
    analyser.getFloatTimeDomainData(room);
    let peak = 0;
    for (const value of room) peak = Math.max(peak, Math.abs(value));
    return Math.min(1, peak);
  }

  async function listen() {
    if (meter || call) return;
    const stream = await navigator.mediaDevices.getUserMedia(await microphone(false));
    const context = new AudioContext(NO_SINK);
    const analyser = context.createAnalyser();
    analyser.fftSize = METER_WINDOW;
    context.createMediaStreamSource(stream).connect(analyser);
    const room = new Float32Array(analyser.fftSize);
    const timer = setInterval(
      () => tell("level", { input: loudness(analyser, room), output: 0 }), METER_MS);
    meter = { stream, context, timer };
    for (const track of stream.getTracks()) track.onended = () => tellDevices();
    await tellDevices(); // labels are known from now on
  }

  function unlisten() {
    if (!meter) return;
    clearInterval(meter.timer);
    meter.stream.getTracks().forEach((track) => track.stop());
    meter.context.close();
    meter = null;
  }

  async function tone() {
    const context = new AudioContext(NO_SINK);
    const source = context.createOscillator();
    const volume = context.createGain();
    const outlet = context.createMediaStreamDestination();
    source.frequency.value = 660;
    volume.gain.value = 0.2;
    source.connect(volume).connect(outlet);
    const player = new Audio();
    player.srcObject = outlet.stream;
    const output = find((await listed()).outputs, chosen.output);
    if (output) await player.setSinkId(output.deviceId);
    await player.play();
    source.start();
    source.stop(context.currentTime + 1.2);
    source.onended = () => { player.srcObject = null; context.close(); tell("tone", {}); };
  }

  // ------------------------------------------------------------------------------ the line

  function signIn({ token, options, silence }) {
    signOut();
    const sound = Object.fromEntries(
      ["incoming", "outgoing", "disconnect", ...Array.from("0123456789sh", (key) => `dtmf${key}`)]
        .map((name) => [name, silence]));
    device = new Twilio.Device(token, {
      codecPreferences: ["opus", "pcmu"],
      allowIncomingWhileBusy: false,
      closeProtection: false,
      tokenRefreshMs: 90000, // enough for a database that is away for a minute
      maxCallSignalingTimeoutMs: 30000,
      logLevel: "silent",
      sounds: sound,
      ...options,
    });
    const mine = device;
    const now = (does) => (...given) => device === mine && does(...given);
    device.on("registered", now(() => tell("registered", { edge: device.edge || "" })));
    device.on("unregistered", now(() => tell("unregistered")));
    device.on("tokenWillExpire", now(() => tell("token_will_expire")));
    device.on("error", now((error) => trouble(error, "device")));
    device.on("incoming", now(incoming));
    if (device.audio) {
      device.audio.incoming(false);
      device.audio.outgoing(false);
      device.audio.disconnect(false);
      device.audio.on("deviceChange", now(() => tellDevices()));
    }
    device.register().then(useDevices).catch((error) => trouble(error, "register"));
  }

  // A token that had run out has ended the registration, too: the library waits for a new one.
  async function renew({ token }) {
    if (!device) return;
    device.updateToken(token);
    if (device.state === Twilio.Device.State.Unregistered) await device.register();
  }

  async function incoming(coming) {
    const from = (coming.parameters && coming.parameters.From) || "";
    const right = expected && !call && Date.now() < expected.until
      && (!expected.from || from === expected.from);
    if (!right) {
      coming.reject();
      tell("unexpected", {});
      return;
    }
    call = coming;
    samples = 0;
    unlisten();
    follow(coming);
    tell("ringing", {});
    try {
      coming.accept({ rtcConstraints: await microphone(true) });
    } catch (error) {
      trouble(error, "accept");
    }
  }

  function follow(one) {
    let arrived = 0;
    let heardAt = 0;
    let silent = false;
    const over = () => {
      if (call !== one) return;
      call = null;
      tell("ended", {});
    };
    one.on("accept", () => {
      heardAt = Date.now();
      if (muted) one.mute(true);
      tell("accepted", { sid: one.parameters.CallSid || "" });
      useDevices().catch((error) => trouble(error, "devices"));
    });
    for (const name of ["disconnect", "cancel", "reject"]) one.on(name, over);
    one.on("error", (error) => trouble(error, "call"));
    one.on("reconnecting", () => tell("reconnecting", {}));
    one.on("reconnected", () => tell("reconnected", {}));
    one.on("warning", (name) => tell("warning", { name: String(name), on: true }));
    one.on("warning-cleared", (name) => tell("warning", { name: String(name), on: false }));
    one.on("volume", (input, output) => {
      if (++samples % 6 === 0) tell("level", { input, output });
    });
    let measured = 0;
    one.on("sample", (sample) => {
      const received = (sample.totals && sample.totals.packetsReceived) || 0;
      if (received > arrived) {
        if (arrived === 0 || silent) tell("flowing", {});
        arrived = received;
        heardAt = Date.now();
        silent = false;
      } else if (!silent && heardAt && Date.now() - heardAt > SILENT_AFTER_MS) {
        silent = true;
        tell("silent", {});
      }
      if (measured++ % SAMPLE_EVERY === 0) {
        tell("quality", {
          mos: sample.mos || 0,
          rtt: sample.rtt || 0,
          jitter: sample.jitter || 0,
          loss: sample.packetsLostFraction || 0,
        });
      }
    });
  }

  function signOut() {
    unlisten();
    if (device) {
      const old = device;
      device = null;
      call = null;
      old.destroy();
    }
  }

  // ---------------------------------------------------------------------------- the bridge

  const orders = {
    sign_in: signIn,
    token: renew,
    expect: ({ from, ms }) => { expected = ms > 0 ? { from, until: Date.now() + ms } : null; },
    mute: ({ on }) => { muted = on; if (call) call.mute(on); },
    choose: ({ input, output }) => { chosen = { input, output }; return useDevices(); },
    listen: ({ on }) => (on ? listen() : unlisten()),
    tone,
  };

  async function obey(text) {
    const order = JSON.parse(text);
    try {
      await orders[order.do](order);
    } catch (error) {
      trouble(error, order.do);
    }
  }

  window.addEventListener("load", () => {
    new QWebChannel(qt.webChannelTransport, (channel) => {
      bridge = channel.objects.bridge;
      bridge.asked.connect(obey);
      navigator.mediaDevices.addEventListener("devicechange", () => tellDevices());
      tell("loaded", { supported: Boolean(Twilio.Device.isSupported) });
    });
  });
})();
