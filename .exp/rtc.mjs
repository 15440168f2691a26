import wrtc from '@roamhq/wrtc';
import http from 'node:http';
import { chromium } from 'playwright-core';
const { RTCPeerConnection, nonstandard } = wrtc;
const fps = Number(process.argv[2] ?? 5);
let session;
const server = http.createServer(async (q, r) => {
  if (q.url === '/') { r.setHeader('content-type','text/html'); r.end('<video id=v muted autoplay playsinline></video>'); return; }
  if (q.url !== '/whep') { r.statusCode=404; return r.end(); }
  let body=''; for await (const c of q) body += c;
  const pc = new RTCPeerConnection({ iceServers: [], portRange: {min: 50000, max: 50100} });
  const source = new nonstandard.RTCVideoSource();
  const track = source.createTrack();
  await pc.setRemoteDescription({ type:'offer', sdp: body });
  const tr = pc.getTransceivers(); console.log('tr', tr.map(t=>[t.direction, t.mid, t.receiver.track.kind]));
  await tr[0].sender.replaceTrack(track); tr[0].direction='sendonly';
  const dc = pc.createDataChannel('tracks');
  const ans = await pc.createAnswer(); await pc.setLocalDescription(ans);
  await new Promise(res => { if (pc.iceGatheringState==='complete') res(); pc.onicegatheringstatechange=()=>pc.iceGatheringState==='complete'&&res(); });
  r.statusCode=201; r.end(pc.localDescription.sdp);
  session = {pc, source, track, dc};
  pc.onconnectionstatechange = () => console.log(pc.connectionState);
  dc.onopen=()=>console.log('dc open');
  const W=416,H=416; const data = new Uint8ClampedArray(W*H*3/2); let seq=0;
  const t = setInterval(() => {
    seq++; data.fill(16+(seq%16)*13,0,W*H); data.fill(128, W*H);
    
    const before = performance.timeOrigin+performance.now(); const mono = Number(process.hrtime.bigint()/1000n)/1000;
    if (dc.readyState==='open') dc.send(JSON.stringify({seq, wall: before, mono}));
    source.onFrame({width:W,height:H,data});
  }, 1000/fps);
  session.stop=()=>{clearInterval(t); track.stop(); dc.close(); pc.close();};
}).listen(0, async () => {
  const browser = await chromium.launch({ executablePath:'/usr/bin/chromium', args:['--no-sandbox','--autoplay-policy=no-user-gesture-required']});
  const page = await browser.newPage(); page.on('console', m=>console.log('page', m.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const out = await page.evaluate(async () => {
    const pc = new RTCPeerConnection(); const cv=new OffscreenCanvas(4,4); const cx=cv.getContext('2d',{willReadFrequently:true}); const msgs=[]; const frames=[];
    pc.addTransceiver('video',{direction:'recvonly'});
    pc.createDataChannel('x');
    pc.ondatachannel=e=>{ e.channel.onmessage=m=>msgs.push({...JSON.parse(m.data), at: performance.now()}); };
    const v=document.getElementById('v');
    pc.ontrack=e=>{ v.srcObject=new MediaStream([e.track]); v.play(); const cb=(now,m)=>{cx.drawImage(v,0,0,4,4); const y=cx.getImageData(1,1,1,1).data[1]; frames.push({now, ...m, mark: Math.round((y*219/255)/13)}); v.requestVideoFrameCallback(cb)}; v.requestVideoFrameCallback(cb); };
    await pc.setLocalDescription();
    await new Promise(r=>{ pc.onicegatheringstatechange=()=>pc.iceGatheringState==='complete'&&r(); });
    const t0=performance.now();
    const res = await fetch('/whep',{method:'POST',body:pc.localDescription.sdp});
    await pc.setRemoteDescription({type:'answer', sdp: await res.text()});
    await new Promise(r=>setTimeout(r,12000));
    return {msgs, frames, origin: performance.timeOrigin, answer: pc.remoteDescription.sdp, offer: pc.localDescription.sdp, t0};
  });
  session.stop(); await browser.close(); server.close();
  console.log(out.frames[0], out.frames.at(-1));
  console.log('msgs', out.msgs.length, 'frames', out.frames.length, 'first frame', out.frames[0].now-out.t0);
  for (const f of out.frames.slice(0,6).concat(out.frames.slice(-15))) {
    const near = out.msgs.filter(m=>m.seq%16===f.mark && Math.abs(m.at-f.now)<1500)[0];
    if(!near) {console.log('none', f.mark); continue;}
    console.log(near.seq, 'recv-msg', (f.receiveTime-near.at).toFixed(2), 'shown-recv', (f.now-f.receiveTime).toFixed(1), 'msgAt-sent', (near.at+out.origin-near.wall).toFixed(1),'recv-sent', (f.receiveTime+out.origin-near.wall).toFixed(1), 'shown-sent', (f.now+out.origin-near.wall).toFixed(1), 'C wall', (f.rtpTimestamp/90-near.wall).toFixed(2), f.captureTime);
  }
});
